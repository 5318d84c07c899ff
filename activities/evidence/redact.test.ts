import { describe, expect, it } from 'vitest';
import { createRedaction, createScrub } from './redact.ts';

const SECRET = 'p4ss/w0rd+of "the" cluster';
const redaction = createRedaction([{ name: 'TOKEN', value: SECRET }]);

describe('a known secret is struck out', () => {
  it.each([
    ['as it is', SECRET],
    ['in JSON', JSON.stringify({ a: SECRET })],
    ['in a URL', `https://x/?q=${encodeURIComponent(SECRET)}&b=1`],
    ['in a URL with small letters', encodeURIComponent(SECRET).replaceAll(/%../g, (code) => code.toLowerCase())],
    ['in a form', new URLSearchParams({ a: SECRET }).toString()],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64 after one character', Buffer.from(`a${SECRET}tail`).toString('base64')],
    ['in a Basic header', `Authorization: Basic ${Buffer.from(`me:${SECRET}`).toString('base64')}`],
    ['in base64 for URLs', Buffer.from(`x:${SECRET}~~`).toString('base64url')],
    ['in hex', Buffer.from(SECRET).toString('hex')],
  ])('%s', (_where, text) => {
    const clean = redaction.text(text);
    expect(clean).toContain('[TOKEN]');
    expect(clean).not.toContain(SECRET);
    const decoded = [...clean.matchAll(/[A-Za-z0-9+/_-]{8,}/g)].map(([word]) =>
      Buffer.from(word, 'base64').toString('latin1'),
    );
    expect(decoded.join(' ')).not.toContain('w0rd');
  });

  it('word by word, where it is a key of many lines', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\nBAQEFAASCBKcwggSjAgEAAo\n-----END KEY-----';
    const clean = createRedaction([{ name: 'KEY', value: key }]).text('| MIIEvQIBADANBgkqhkiG9w0\n-----BEGIN KEY-----');
    expect(clean).toBe('| [KEY]\n-----BEGIN KEY-----');
  });

  it('as the password of an address, alone and decoded', () => {
    const url = createRedaction([{ name: 'DB', value: 'postgres://me:s%C3%A9cret-1@db/x' }]);
    expect(url.text('password sécret-1 and s%C3%A9cret-1 for postgres://me:s%C3%A9cret-1@db/x')).toBe(
      'password [DB] and [DB] for [DB]',
    );
  });

  it('whole, where another secret is its beginning', () => {
    const two = createRedaction([
      { name: 'SHORT', value: 'abcdef' },
      { name: 'LONG', value: 'abcdefghijkl' },
    ]);
    expect(two.text('abcdefghijkl abcdef')).toBe('[LONG] [SHORT]');
  });

  it('not when it is too short to be told from a setting', () => {
    expect(createRedaction([{ name: 'PORT', value: '8080' }]).text('port 8080')).toBe('port 8080');
  });

  it('in every string of a value, numbers left as they are', () => {
    const digits = createRedaction([{ name: 'PIN', value: '123456' }]);
    expect(digits.value({ a: ['x123456'], '123456': 1, n: 123456, none: null })).toEqual({
      a: ['x[PIN]'],
      '[PIN]': 1,
      n: 123456,
      none: null,
    });
  });
});

describe('a text that goes on', () => {
  /** As a stream would: what is settled is struck and written, the rest waits. */
  function streamed(secret: string, chunks: readonly string[]): string {
    const { settled, text } = createRedaction([{ name: 'S', value: secret }]);
    let waiting = '';
    let written = '';
    for (const chunk of chunks) {
      waiting += chunk;
      const end = settled(waiting);
      written += text(waiting.slice(0, end));
      waiting = waiting.slice(end);
    }
    return written + text(waiting);
  }

  it.each(['swordfish-77', 'abcabcabc', 'aaaaaaaa'])('never lets %s pass in parts, wherever it is cut', (secret) => {
    const text = `say ${secret} twice: ${secret}, then stop`;
    for (let first = 0; first <= text.length; first += 1) {
      for (let second = first; second <= text.length; second += 1) {
        const chunks = [text.slice(0, first), text.slice(first, second), text.slice(second)];
        expect(streamed(secret, chunks)).toBe('say [S] twice: [S], then stop');
      }
    }
  });

  it('holds nothing back that can be no beginning of a secret', () => {
    const { settled } = createRedaction([{ name: 'S', value: 'swordfish-77' }]);
    expect(settled('a plain sentence.')).toBe('a plain sentence.'.length);
    expect(settled('a plain sword')).toBe('a plain '.length);
  });
});

it('what looks like a secret and is known to nobody is struck out of logs too', async () => {
  const scrub = createScrub(createRedaction([]));
  const token = `ghp_${'0123456789abcdefghijABCDEFGHIJklmnop'}`;
  expect(await scrub(`pushing with ${token} failed`)).not.toContain(token);
});
