/** Secrets in text, by a maintained rule set. Nothing here ever returns, prints or stores the secret itself. */
import { lintSource } from '@secretlint/core';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';
import { TOKEN_PATTERN } from '../../domain/api-token.ts';
import type { FoundSecret } from '../../domain/gates/guard.ts';
import type { TestOutcome } from '../../domain/gates/outcome.ts';
import type { AddedLine } from '../../domain/gates/patch.ts';
import type { CommitAdditions } from '../git/port.ts';

const RULES = [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator }];

interface SecretPlace {
  readonly rule: string;
  /** From 1. */
  readonly line: number;
  readonly range: readonly [number, number];
}

async function findSecrets(text: string, path: string): Promise<SecretPlace[]> {
  const ext = /\.[^./]+$/.exec(path)?.[0] ?? '';
  const result = await lintSource({
    source: { filePath: path, content: text, ext, contentType: 'text' },
    options: { config: { rules: RULES }, noPhysicFilePath: true, maskSecrets: true, locale: 'en' },
  });
  const known = result.messages.map(({ ruleId, messageId, loc, range }) => ({
    rule: `${ruleId.replace(/^@secretlint\/secretlint-rule-/, '')}/${messageId}`,
    line: loc.start.line,
    range: [range[0], range[1]] as const,
  }));
  return [...known, ...tokensOfOurs(text)];
}

function tokensOfOurs(text: string): SecretPlace[] {
  return [...text.matchAll(TOKEN_PATTERN)].map(({ 0: token, index }) => ({
    rule: 'lamplighter-token',
    line: text.slice(0, index).split('\n').length,
    range: [index, index + token.length] as const,
  }));
}

/**
 * Every commit's own additions, so that a secret which a later commit takes out again is found too. A file's are looked at in one go,
 * because each look takes milliseconds: commit after commit, an empty line between them.
 */
export async function secretsInCommits(commits: readonly CommitAdditions[]): Promise<FoundSecret[]> {
  const byPath = new Map<string, (Pick<AddedLine, 'line' | 'text'> & { readonly sha: string })[]>();
  for (const { sha, added } of commits) {
    const begun = new Set<string>();
    for (const { path, line, text } of added) {
      const lines = byPath.get(path) ?? [];
      byPath.set(path, lines);
      if (!begun.has(path)) lines.push({ sha, line, text: '' });
      begun.add(path);
      lines.push({ sha, line, text });
    }
  }
  const found: FoundSecret[] = [];
  for (const [path, lines] of byPath) {
    // Joined, because a private key spans lines.
    for (const { rule, line } of await findSecrets(lines.map((one) => one.text).join('\n'), path)) {
      const at = lines[line - 1];
      if (at !== undefined) found.push({ rule, path, line: at.line, sha: at.sha });
    }
  }
  return found;
}

/** The text with what looks like a secret struck out: for logs and findings on their way into evidence. */
export async function strikeSecrets(text: string): Promise<string> {
  const places = await findSecrets(text, 'log.txt');
  let clean = text;
  for (const { range, rule } of places.toSorted((a, b) => b.range[0] - a.range[0])) {
    clean = `${clean.slice(0, range[0])}[struck out: ${rule}]${clean.slice(range[1])}`;
  }
  return clean;
}

const SHOWN_DETAILS = 50;

/** Outcomes as evidence keeps them: details of failures struck clean, and not of thousands. */
export async function strikeOutcomes(outcomes: readonly TestOutcome[]): Promise<TestOutcome[]> {
  const clean: TestOutcome[] = [];
  let details = 0;
  for (const one of outcomes) {
    const keep = one.detail !== '' && details < SHOWN_DETAILS;
    if (keep) details += 1;
    clean.push({ ...one, detail: keep ? await strikeSecrets(one.detail) : '' });
  }
  return clean;
}
