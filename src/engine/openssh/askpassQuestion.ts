import type { LoginQuestion } from "../../auth/loginAskerPorts.ts";

/**
 * What a prompt of OpenSSH asks for. OpenSSH translates none of these texts: sshconnect2.c (password,
 * keyboard-interactive), ssh.c and sshconnect2.c (passphrase), ssh-sk-client.c, ssh-pkcs11.c (PIN).
 * @param hint value of SSH_ASKPASS_PROMPT
 */
export function askpassQuestion(prompt: string, hint: string): LoginQuestion {
  if (hint === "none") {
    return { kind: "touch", prompt };
  }
  if (hint === "confirm") {
    return { kind: "confirm", prompt };
  }
  const file = /^Enter passphrase for (?:key|RSA key|certificate)? ?'(.*)': $/s.exec(prompt)?.[1];
  if (file !== undefined) {
    return { kind: "passphrase", file };
  }
  const [, token] = /^Enter PIN (?:and confirm user presence )?for (.*?):? ?$/s.exec(prompt) ?? [];
  if (token !== undefined) {
    return { kind: "pin", of: token.replace(/^\S+ key /, "").replace(/^'(.*)'$/s, "$1") };
  }
  // A server that asks for the password by keyboard-interactive sends its own text after the parentheses.
  return /^(?:\(.*\) )?(?:\S+'s )?password:? *$/i.test(prompt)
    ? { kind: "password" }
    : { kind: "text", prompt };
}
