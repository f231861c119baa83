/** Pictures on other hosts: which addresses the reader takes. The twin is tests/unit/test_rows.py. */
import { describe, expect, it } from "vitest";
import { checkRemote, checkRemotePicture, FormatError } from "../../web_assets/src/format";
import { allowed, remoteThumbnail } from "../../web_assets/src/ui/parts/remote-picture";

const HOST = "https://images.example.org";

describe("the hosts of a manifest", () => {
  it.each([null, { origins: [HOST] }, { origins: ["http://a:8080", HOST] }])("are taken: %j", (value) => {
    expect(() => checkRemote(value)).not.toThrow();
  });

  it.each([
    undefined, {}, [], { origins: [] }, { origins: HOST }, { origins: [`${HOST}/`] }, { origins: ["*"] }, { origins: ["https:"] },
    { origins: ["javascript:alert(1)"] }, { origins: ["https://me:word@images.example.org"] }, { origins: [`${HOST}; script-src *`] },
    { origins: Array<string>(101).fill(HOST) },
  ])("are refused: %j", (value) => {
    expect(() => checkRemote(value)).toThrow(FormatError);
  });
});

describe("the addresses of a document", () => {
  it.each([{ image: `${HOST}/a.jpg?b=%20` }, { thumbnail: `${HOST}/` }])("are taken: %j", (value) => {
    expect(() => checkRemotePicture(value, [HOST])).not.toThrow();
  });

  it.each([
    null, {}, { image: 1 }, { image: HOST }, { image: "https://stranger.example/a" }, { image: `${HOST}.stranger.example/a` },
    { image: `${HOST}@stranger.example/a` }, { image: "https://me:word@images.example.org/a" }, { image: `${HOST}/a b` },
    { image: `${HOST}/\\a` }, { image: `${HOST}/a"` }, { image: "data:image/png;base64,AAAA" }, { image: `${HOST}/${"a".repeat(2000)}` },
    { image: `${HOST}/a`, thumbnail: "https://stranger.example/a" },
  ])("are refused: %j", (value) => {
    expect(() => checkRemotePicture(value, [HOST])).toThrow(FormatError);
  });

  it("are shown only if their host is allowed, whatever a reader let through", () => {
    expect(allowed(`${HOST}/a`, [HOST])).toBe(`${HOST}/a`);
    for (const address of [undefined, "", "//images.example.org/a", "https://stranger.example/a", "javascript:alert(1)"]) {
      expect(allowed(address, [HOST])).toBeNull();
    }
    expect(remoteThumbnail({ image: `${HOST}/a`, thumbnail: "https://stranger.example/a" }, [HOST])).toBe(`${HOST}/a`);
    expect(remoteThumbnail({ image: `${HOST}/a` }, [])).toBeNull();
  });
});
