import { describe, expect, test } from "vitest";
import { algorithmMismatch } from "../../../../src/engine/ssh2/algorithmMismatch.ts";
import { algorithmOffer } from "../../../../src/engine/ssh2/algorithms.ts";
import type { ServerOffer } from "../../../../src/engine/transport/serverGreeting.ts";
import { testHostConfig } from "../../../support/hostConfigs.ts";

const ours = algorithmOffer(testHostConfig(), []);
const server = (changes: Partial<ServerOffer> = {}): ServerOffer => ({ ...ours, ...changes });

describe("the first kind of algorithm without a common one", () => {
  test("is none if both sides agree", () => {
    expect(algorithmMismatch(ours, server())).toBeUndefined();
  });

  test("names the algorithms that ssh_config can enable, and no others", () => {
    expect(algorithmMismatch(ours, server({ serverHostKey: ["ssh-rsa", "key-of-tomorrow"] }))).toEqual({
      keyword: "HostKeyAlgorithms",
      offered: ["ssh-rsa", "key-of-tomorrow"],
      allowable: ["ssh-rsa"],
    });
    expect(algorithmMismatch(ours, server({ kex: ["kex-of-tomorrow"] }))).toEqual({
      keyword: "KexAlgorithms",
      offered: ["kex-of-tomorrow"],
      allowable: [],
    });
  });

  test("is not hidden by the signals in the list of key exchanges", () => {
    const signals = ["ext-info-s", "kex-strict-s-v00@openssh.com"];
    expect(algorithmMismatch({ ...ours, kex: [...ours.kex, ...signals] }, server({ kex: signals }))).toEqual({
      keyword: "KexAlgorithms",
      offered: [],
      allowable: [],
    });
  });

  test("is not the MAC under a cipher with built-in integrity, but is under another one", () => {
    expect(
      algorithmMismatch(ours, server({ cipher: ["aes128-gcm@openssh.com"], hmac: ["none"] })),
    ).toBeUndefined();
    expect(algorithmMismatch(ours, server({ cipher: ["aes128-ctr"], hmac: ["hmac-md5"] }))).toEqual({
      keyword: "MACs",
      offered: ["hmac-md5"],
      allowable: ["hmac-md5"],
    });
  });

  test("ciphers are reported before MACs", () => {
    expect(algorithmMismatch(ours, server({ cipher: ["aes128-cbc"], hmac: ["none"] }))).toMatchObject({
      keyword: "Ciphers",
      allowable: ["aes128-cbc"],
    });
  });
});
