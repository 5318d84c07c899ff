import { expect, it } from 'vitest';
import { runsInTemporalWeb, timelineInTemporalWeb } from './temporal-web.ts';

const place = { webUrl: 'http://127.0.0.1:8233/', namespace: 'lamp lighter' };

it('the address of the runs names our namespace, and its query asks for the workflow of runs alone', () => {
  const url = new URL(runsInTemporalWeb(place));
  expect(url.pathname).toBe('/namespaces/lamp%20lighter/workflows');
  expect(url.searchParams.get('query')).toBe('`WorkflowType`="issueRun"');
});

it('a workflow id with a slash is one part of its timeline’s address', () => {
  expect(timelineInTemporalWeb(place, 'run/shop-1')).toBe(
    'http://127.0.0.1:8233/namespaces/lamp%20lighter/workflows/run%2Fshop-1',
  );
});
