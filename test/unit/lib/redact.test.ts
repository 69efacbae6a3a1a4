import { describe, expect, test } from "@jest/globals";
import { makeRedactor } from "../../../lib/redact";

const secret = "s3cret/vàlue+1";
const redactor = makeRedactor([secret, undefined, "abc"]);

function inPieces(text: string | Buffer, size: number, of = redactor): Buffer {
  const bytes = Buffer.from(text as string);
  const stream = of.stream();
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(stream.push(bytes.subarray(at, at + size)));
  return Buffer.concat([...out, stream.end()]);
}

describe("the redactor", () => {
  test("takes out a secret wherever the pieces are cut", () => {
    const text = `password=${secret}\nagain ${secret}${secret}.`;
    for (let size = 1; size < 40; size++)
      expect(inPieces(text, size).toString()).toBe("password=[redacted]\nagain [redacted][redacted].");
  });

  test.each(["", "u:", "ab", "user:", "x".repeat(40)])("knows the secret inside base64, after %j", (before) => {
    const encoded = Buffer.from(`${before}${secret}:after`).toString("base64");
    expect(redactor.text(`{"auth": "${encoded}"}`)).toContain("[redacted]");
    const alone = Buffer.from(before + secret).toString("base64");
    expect(redactor.text(alone)).toContain("[redacted]");
  });

  test("knows the secret in a URL and in JSON", () => {
    const quoted = makeRedactor(['pass"word/1']);
    expect(quoted.text(`https://u:${encodeURIComponent('pass"word/1')}@host`)).toBe("https://u:[redacted]@host");
    expect(quoted.text(JSON.stringify({ p: 'pass"word/1' }))).toBe('{"p":"[redacted]"}');
  });

  test("takes out each line of a secret of several lines", () => {
    const key = "-----BEGIN KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAA\nBBBBBBBBBBBBBBBBBBBBBBBBBB\n-----END KEY-----\n";
    expect(makeRedactor([key]).text("it says BBBBBBBBBBBBBBBBBBBBBBBBBB here")).toBe("it says [redacted] here");
  });

  test("takes the longer of two secrets that begin alike, wherever the pieces are cut", () => {
    const two = makeRedactor(["abcdefgh", "abcdefghijkl"]);
    for (let size = 1; size < 20; size++) {
      expect(inPieces("-abcdefghijkl-abcdefghij-", size, two).toString()).toBe("-[redacted]-[redacted]ij-");
    }
  });

  test("leaves every other byte as it is, valid text or not", () => {
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256));
    for (const size of [1, 13, 5000]) expect(inPieces(bytes, size).equals(bytes)).toBe(true);
  });

  test("holds nothing back of a line that ends", () => {
    const stream = redactor.stream();
    expect(stream.push(Buffer.from("hello s\n")).toString()).toBe("hello s\n");
  });

  test("does not take short values for secrets", () => {
    expect(redactor.text("abc")).toBe("abc");
  });
});
