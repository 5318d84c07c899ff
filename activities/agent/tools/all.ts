/** The tools of a session, by name. */
import { bash } from './bash.ts';
import { editor } from './editor.ts';
import { giveUp } from './give-up.ts';
import { headOf } from '../../../domain/text.ts';
import { note } from './note.ts';
import { submit } from './submit.ts';
import { taught, type AnyTool, type BoundCall } from './tool.ts';

/** Of a name that the model made up. */
const NAME_CHARACTERS = 100;
/** A complaint about an input names its keys, which are the model's too. */
const REFUSAL_CHARACTERS = 4_000;

export const SESSION_TOOLS: readonly AnyTool[] = [bash, editor, submit, giveUp, note];

/** An unknown tool or a wrong input is a call too: one that says so to the model. */
export function bindCall(name: string, input: unknown): BoundCall {
  const tool = SESSION_TOOLS.find((one) => one.definition.name === name);
  if (tool === undefined) {
    return refused(
      `There is no tool ${headOf(name, NAME_CHARACTERS)}. There are: ${SESSION_TOOLS.map((one) => one.definition.name).join(', ')}.`,
    );
  }
  const bound = tool.bind(input);
  return 'refusal' in bound ? refused(bound.refusal) : bound;
}

function refused(why: string): BoundCall {
  return { replay: 'safe', isRefused: true, run: () => Promise.resolve(taught(headOf(why, REFUSAL_CHARACTERS))) };
}
