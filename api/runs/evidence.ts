import type { RequestHandler } from 'express';
import type { ApiDeps } from '../http/deps.ts';
import { notFound } from '../http/errors.ts';
import { pathParam } from '../http/parse.ts';
import { unitNamed } from '../../domain/unit.ts';
import type { EvidenceRow } from '../../store/port.ts';
import type { EvidenceView } from '../views/view.ts';

/** The redacted blob as it is. It came out of a sandbox, so a browser must never take it for a page of ours. */
export function sendEvidence(deps: ApiDeps): RequestHandler {
  return async (req, res) => {
    const id = pathParam(req, 'id');
    const row = await deps.store.evidence.get(id);
    const body = row === null ? null : await deps.store.evidence.body(id);
    if (row === null || body === null) throw notFound(`evidence ${JSON.stringify(id.slice(0, 100))}`);
    const safe = safeType(row.mediaType);
    res.set({
      'Content-Type': safe,
      'Content-Security-Policy': "default-src 'none'; sandbox",
      ETag: `"${row.digest}"`,
    });
    if (safe === BYTES) res.set('Content-Disposition', `attachment; filename="${row.digest.slice(0, 16)}.bin"`);
    res.send(Buffer.from(body));
  };
}

export function viewEvidence({ unit, ...row }: EvidenceRow): EvidenceView {
  return { ...row, run: unitNamed(unit).id };
}

const BYTES = 'application/octet-stream';

/** Text of any kind is plain text, HTML and SVG among it; JSON is JSON; the rest is bytes to be saved. */
export function safeType(mediaType: string): string {
  const type = (mediaType.split(';')[0] ?? '').trim().toLowerCase();
  if (type === 'application/json') return 'application/json; charset=utf-8';
  return isText(type) ? 'text/plain; charset=utf-8' : BYTES;
}

export function isText(mediaType: string): boolean {
  const type = (mediaType.split(';')[0] ?? '').trim().toLowerCase();
  return (
    type.startsWith('text/') ||
    /^application\/(?:[\w.-]+\+)?(?:json|xml|yaml|x-ndjson|toml)$/.test(type) ||
    type === 'image/svg+xml'
  );
}
