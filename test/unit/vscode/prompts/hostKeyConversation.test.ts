import { expect, it } from "vitest";
import { sha256Fingerprint } from "../../../../src/trust/publicKeyBlob.ts";
import { askAboutHostKey } from "../../../../src/vscode/prompts/hostKeyConversation.ts";

const key = Buffer.from("a key");
const question = {
  host: "[web1]:2222",
  alias: "web1",
  address: "192.0.2.1",
  port: 2222,
  presented: { key, type: "ssh-ed25519", fingerprint: sha256Fingerprint(key) },
  knownTypes: [],
};
const [accept, compare, picture] = ["Connect and Save", "Compare Fingerprint…", "Show Randomart"];

/** Answers in order; the shown actions and the end of the detail. */
async function conversation(
  answers: readonly (string | undefined)[],
  given: readonly (string | undefined)[],
) {
  const shown: (readonly string[])[] = [];
  const details: string[] = [];
  const [left, lines] = [[...answers], [...given]];
  const trusted = await askAboutHostKey(
    question,
    {
      choose: async (_message, detail, actions) => {
        shown.push(actions);
        details.push(detail);
        return left.shift();
      },
      fingerprint: async () => lines.shift(),
      showPicture: async () => void shown.push(["the picture"]),
    },
    new AbortController().signal,
  );
  return { trusted, shown, details };
}

it("focuses the comparison, and trusts only on request", async () => {
  expect(await conversation([accept], [])).toMatchObject({
    trusted: true,
    shown: [[compare, accept, picture]],
  });
  expect((await conversation([undefined], [])).trusted).toBeUndefined();
});

it("says that the fingerprint matches, and then offers to connect", async () => {
  const { trusted, shown, details } = await conversation([compare, accept], [sha256Fingerprint(key)]);
  expect([trusted, shown]).toEqual([
    true,
    [
      [compare, accept, picture],
      [accept, picture],
    ],
  ]);
  expect(details[1]).toMatch(/^The fingerprint that you entered matches/);
  expect(details[1]).not.toContain("Compare the fingerprint");
});

it("shows the key's randomart once, and asks again with it", async () => {
  const { trusted, shown } = await conversation([picture, compare, accept], [sha256Fingerprint(key)]);
  expect([trusted, shown]).toEqual([
    true,
    [[compare, accept, picture], ["the picture"], [compare, accept], [accept]],
  ]);
});

it("does not offer to connect if the fingerprint differs, until another one matches", async () => {
  const { trusted, shown, details } = await conversation(
    [compare, compare, accept],
    [sha256Fingerprint(Buffer.from("another")), sha256Fingerprint(key)],
  );
  expect([trusted, shown]).toEqual([
    true,
    [
      [compare, accept, picture],
      [compare, picture],
      [accept, picture],
    ],
  ]);
  expect(details[1]).toMatch(/^The fingerprint that you entered differs/);
  expect(details[0]).toContain("If you accept the key");
  expect(details[1]).not.toContain("If you accept the key");
});

it("asks as before after an invalid text, and after a cancelled comparison", async () => {
  const { trusted, shown, details } = await conversation([compare, compare, undefined], ["yes", undefined]);
  expect([trusted, shown.length, shown[2]]).toEqual([undefined, 3, [compare, accept, picture]]);
  expect(details[1]).toMatch(/^The text is neither a fingerprint/);
});

it("ends when the login is over", async () => {
  const over = new AbortController();
  const asked: string[] = [];
  const trusted = await askAboutHostKey(
    question,
    {
      choose: async () => {
        over.abort();
        return compare;
      },
      fingerprint: async () => {
        asked.push("fingerprint");
        return undefined;
      },
      showPicture: async () => {},
    },
    over.signal,
  );
  expect([trusted, asked]).toEqual([undefined, []]);
});

it("names the file that gets the key, and, as OpenSSH does, the other names of the key", async () => {
  const otherNames = Array.from({ length: 9 }, (_, index) => ({
    file: "/home/me/.ssh/known_hosts",
    line: index + 1,
    name: index === 1 ? undefined : `web${index}`,
  }));
  const details: string[] = [];
  await askAboutHostKey(
    { ...question, otherNames, savedTo: "/home/me/.ssh/known_hosts" },
    {
      choose: async (_message, detail) => {
        details.push(detail);
        return undefined;
      },
      fingerprint: async () => undefined,
      showPicture: async () => {},
    },
    new AbortController().signal,
    "/home/me",
  );
  expect(details[0]).toContain(
    "known by the following other names or addresses:\n~/.ssh/known_hosts:1: web0\n",
  );
  expect(details[0]).toContain("~/.ssh/known_hosts:2: [hashed name]\n");
  expect(details[0]).toContain("~/.ssh/known_hosts:8: web7\n… and 1 more name");
  expect(details[0]).toContain("it is saved in ~/.ssh/known_hosts, and");
});
