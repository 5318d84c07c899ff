/** A document counts only when all of it agrees: schema, request, exit code. */
import { describe, expect, it } from 'vitest';
import { heard } from './answer.ts';

const OP = '01KB4V0000000000000000TEST';
const document = {
  schema: 'breakglass-result/1',
  vmid: 102,
  verb: 'cycle',
  op: OP,
  identity: 'human',
  state: 'done',
  result: 'ok',
  reason: 'cycled',
  hint: null,
  touched: true,
};
const hear = (stdout: string, code = 0, stderr = '') => heard({ kind: 'answered', code, stdout, stderr }, 'cycle', OP);

describe('an answer', () => {
  it.each([
    [{}, 0],
    [{ result: 'failed', touched: true }, 1],
    [{ result: 'failed', touched: false }, 4],
    [{ result: 'unknown' }, 3],
    [{ state: 'running', result: null }, 3],
  ])('%j with exit code %i is the document', (changed, code) => {
    const given = { ...document, ...changed };
    expect(hear(`${JSON.stringify(given)}\n`, code)).toEqual({ kind: 'document', document: given });
  });

  it.each([
    ['failed under exit code 0', JSON.stringify({ ...document, result: 'failed' }), 0],
    ['ok under exit code 1', JSON.stringify(document), 1],
    ['of another op', JSON.stringify({ ...document, op: `${OP.slice(0, 25)}0` }), 0],
    ['of another verb', JSON.stringify({ ...document, verb: 'start' }), 0],
    ['of another schema', JSON.stringify({ ...document, schema: 'breakglass-result/2' }), 0],
    ['a result of its own making', JSON.stringify({ ...document, result: 'fine' }), 0],
    ['two documents', `${JSON.stringify(document)}\n${JSON.stringify(document)}`, 0],
    ['words around it', `motd\n${JSON.stringify(document)}`, 0],
    ['half of it', JSON.stringify(document).slice(0, -20), 0],
    ['nothing', '', 0],
    ['a shell that knows no such command', '', 127],
    ['a list', '[]', 0],
  ])('%s is lost, not failed', (_name, stdout, code) => {
    expect(hear(stdout, code)).toMatchObject({ kind: 'lost', reason: 'answer_unreadable' });
  });

  it('that there was nothing to do is sure only from the script itself: exit code 2 or 78, and no document', () => {
    expect(hear('', 2, 'breakglass: rejected: say one of …')).toMatchObject({
      kind: 'nothing-done',
      reason: 'not_understood',
    });
    expect(hear('', 78, 'breakglass: refused: line 3 \u001b[31m of it')).toMatchObject({
      kind: 'nothing-done',
      reason: 'host_config',
      hint: expect.stringContaining('saying: breakglass: refused: line 3  of it') as string,
    });
    expect(hear('something', 2)).toMatchObject({ kind: 'lost' });
  });
});
