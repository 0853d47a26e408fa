import { expect, test } from "vitest";
import { askpassQuestion } from "../../../../src/engine/openssh/askpassQuestion.ts";

// The prompts are those of OpenSSH 9.2 and 10.0: readpass.c, sshconnect2.c, ssh-sk-client.c, ssh-pkcs11.c.
test.each([
  ["alice@web1's password: ", "", { kind: "password" }],
  ["(alice@web1) Password: ", "", { kind: "password" }],
  ["(alice@web1) Verification code: ", "", { kind: "text", prompt: "(alice@web1) Verification code: " }],
  ["Enter passphrase for key '/home/a/it's mine': ", "", { kind: "passphrase", file: "/home/a/it's mine" }],
  ["Enter PIN for ED25519-SK key /home/a/.ssh/id: ", "", { kind: "pin", of: "/home/a/.ssh/id" }],
  ["Enter PIN and confirm user presence for ECDSA-SK key /k: ", "", { kind: "pin", of: "/k" }],
  ["Enter PIN for 'Smart Card': ", "", { kind: "pin", of: "Smart Card" }],
  ["Confirm user presence for key ED25519-SK", "none", { kind: "touch" }],
  ["Add key /k (a comment) to agent?", "confirm", { kind: "confirm" }],
  ["alice@web1's new password: ", "", { kind: "text" }],
])("%s is recognised by its kind", (prompt, hint, expected) => {
  expect(askpassQuestion(prompt, hint)).toMatchObject(expected);
});
