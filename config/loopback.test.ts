import { describe, expect, it } from 'vitest';
import { isLoopback, localUrl } from './loopback.ts';

describe('an address', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost', '0:0:0:0:0:0:0:1'])('%s is this machine’s alone', (one) => {
    expect(isLoopback(one)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', '128.0.0.1', '2001:db8::1', 'lamplighter.example', ''])('%s is not', (one) => {
    expect(isLoopback(one)).toBe(false);
  });

  it.each([
    ['127.0.0.1', 'http://127.0.0.1:7070'],
    ['0.0.0.0', 'http://127.0.0.1:7070'],
    ['::', 'http://127.0.0.1:7070'],
    ['192.0.2.1', 'http://192.0.2.1:7070'],
    ['2001:DB8::1', 'http://[2001:db8::1]:7070'],
  ])('%s is reached from here at %s', (host, url) => {
    expect(localUrl({ host, port: 7070 })).toBe(url);
  });
});
