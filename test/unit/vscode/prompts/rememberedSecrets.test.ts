import { expect, it } from "vitest";
import { rememberedSecrets } from "../../../../src/vscode/prompts/rememberedSecrets.ts";

it("lists stored secrets and those known only to this window, each once", () => {
  const stored = ["password:me@[::1]:22", "passphrase:/home/me/.ssh/id_rsa"];
  const openFiles = ["/home/me/.ssh/id_rsa", "C:\\keys\\id"];
  expect(rememberedSecrets(stored, openFiles, "/home/me")).toEqual([
    { name: "passphrase:/home/me/.ssh/id_rsa", label: "~/.ssh/id_rsa", description: "passphrase" },
    {
      name: "passphrase:C:\\keys\\id",
      label: "C:\\keys\\id",
      description: "passphrase, saved until the window closes",
    },
    { name: "password:me@[::1]:22", label: "me@[::1]:22", description: "password" },
  ]);
});
