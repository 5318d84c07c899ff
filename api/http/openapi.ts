/** The API's own document, made of the route table: OpenAPI 3.1, for clients that are generated and for people who read. */
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponsesObject } from 'zod-openapi';
import type { RawRoute, Route } from './route.ts';
import { errorBody } from '../views/common.ts';
import { event } from '../views/event.ts';

const REFUSED: Readonly<Record<number, string>> = {
  400: 'Body, query or path is not as described; `field` names what.',
  401: 'No token, or none that is known here.',
  403: 'The token lacks the scope, which the message names; or the call comes from a page of somebody else.',
  404: 'There is no such thing.',
  409: 'Refused as things stand; the message says why, and the remedy what to do.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  421: 'The api does not answer for this Host.',
  500: 'Something went wrong in the api; the message names an entry of its log.',
  507: 'The disk is full: nothing of this was accepted.',
};

export function openApiDocument(
  table: readonly Route[],
  about: { readonly version: string; readonly url: string },
): object {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of table) {
    const path = templateOf(route.path);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Lamplighter',
      version: about.version,
      description:
        'Times are epoch milliseconds, money is millionths of a dollar. `x-scope` is the scope that a token needs.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: about.url }],
    security: [{ token: [] }],
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Of `lamplighter token create`, or operator.token.' },
      },
    },
    paths,
  });
}

/** `:id` and `*repo` of express. A wildcard's value may have slashes in it. */
function templateOf(path: string): string {
  return path.replace(/[:*](\w+)/g, '{$1}');
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { method, path, scope, summary, query, body } = route;
  const names = [...path.matchAll(/[:*](\w+)/g)].flatMap(([, name]) => name ?? []);
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z]+(\w)?/g, (_all, next: string | undefined) => next?.toUpperCase() ?? '')}`,
    summary,
    'x-scope': scope,
    ...(scope === 'open' ? { security: [] } : {}),
    ...(names.length === 0 && query === undefined
      ? {}
      : {
          requestParams: {
            ...(names.length === 0 ? {} : { path: params }),
            ...(query === undefined ? {} : { query }),
          },
        }),
    ...(body === undefined ? {} : { requestBody: { content: { 'application/json': { schema: body } } } }),
    responses: { ...answersOf(route), ...refusalsOf(route, names.length > 0) },
  };
}

function answersOf(route: Route): ZodOpenApiResponsesObject {
  switch (route.answers) {
    case 'json':
      return Object.fromEntries(
        route.statuses.map((status) => [
          String(status),
          { description: route.summary, content: { 'application/json': { schema: route.schema } } },
        ]),
      );
    case 'events':
      return {
        '200': { description: route.summary, content: { 'text/event-stream': { schema: streamOf(route) } } },
      };
    case 'blob':
      return { '200': { description: route.summary, content: { '*/*': { schema: z.string() } } } };
    case 'page':
      return { '200': { description: route.summary, content: { 'text/html': { schema: z.string() } } } };
    case 'file':
      return { '200': { description: route.summary, content: { '*/*': { schema: z.string() } } } };
  }
}

/** What `data:` holds: of the event named `snapshot` the one, of the others the other. */
function streamOf({ snapshot = event, changes = event }: RawRoute): z.ZodType {
  return z.union([snapshot, event, changes]);
}

function refusalsOf({ scope, method, query, body, refusals = [] }: Route, hasPath: boolean): ZodOpenApiResponsesObject {
  const changes = method !== 'GET';
  const codes = [
    ...(query !== undefined || body !== undefined || hasPath ? [400] : []),
    ...(scope === 'open' ? [] : [401]),
    403,
    ...(hasPath ? [404] : []),
    ...(changes ? [413, 415, 507] : []),
    421,
    500,
    ...refusals,
  ];
  return Object.fromEntries(
    [...new Set(codes)]
      .toSorted((one, other) => one - other)
      .map((code) => [
        String(code),
        { description: REFUSED[code] ?? 'Refused.', content: { 'application/json': { schema: errorBody } } },
      ]),
  );
}
