import type { AuthError, KeyFileError } from "../auth/authErrors.ts";
import { t } from "../base/localize.ts";
import { printable } from "../base/log.ts";
import { failure, following, retry, saying, showLog, type UserMessage } from "./messageParts.ts";
import { shortPath } from "./valueSourceText.ts";

/** The message for a failed login. */
export function authMessage(error: AuthError, name: string): UserMessage {
  const tried =
    error.tried.length === 0
      ? ""
      : following(t("Tried: {0}.", error.tried.map((item) => printable(item)).join(", ")));
  const problems =
    error.problems.length === 0
      ? ""
      : following(t("Not used: {0}.", error.problems.map((item) => printable(item)).join("; ")));
  const left =
    error.methodsLeft.length === 0
      ? ""
      : following(t("The server accepts: {0}.", error.methodsLeft.map((item) => printable(item)).join(", ")));
  const said = saying(error.said);
  switch (error.reason) {
    case "refused":
      return failure(
        t(
          "The login to {0} was refused.{1}{2}{3}{4} Check the user name, and your key or password.",
          name,
          said,
          tried,
          problems,
          left,
        ),
        retry(),
        showLog(),
      );
    case "too-many-failures":
      return failure(
        t(
          "The login to {0} failed too many times.{1}{2}{3} If your agent has many keys, use IdentitiesOnly with IdentityFile to offer the right one.",
          name,
          said,
          tried,
          problems,
        ),
        retry(),
        showLog(),
      );
    case "password-expired":
      return failure(
        t("The password for {0} has expired and was not changed.{1}", name, said),
        retry(),
        showLog(),
      );
    case "needs-person":
      return failure(
        t("{0} requires you to log in: the last login asked for input.", name),
        retry(),
        showLog(),
      );
    case "nothing-to-try":
      return failure(
        t(
          "Can't log in to {0}: there is no key or password to offer.{1}{2} {3}",
          name,
          problems,
          left,
          loginAdvice(error.methodsLeft),
        ),
        retry(),
        showLog(),
      );
  }
}

/** What the user can do to have something to offer, for the methods that the server accepts. */
function loginAdvice(methods: readonly string[]): string {
  const advice = [
    ...(methods.length === 0 || methods.includes("publickey")
      ? [t("Add a key to the agent, or set IdentityFile, and don't disable PubkeyAuthentication.")]
      : []),
    ...(methods.includes("password") || methods.includes("keyboard-interactive")
      ? [
          t(
            "Passwords are requested unless BatchMode is on or PasswordAuthentication and KbdInteractiveAuthentication are off.",
          ),
        ]
      : []),
  ];
  return advice.length === 0
    ? t("SSH Sessions supports none of these methods: the server's owner can allow another one.")
    : advice.join(" ");
}

export function keyFileMessage(error: KeyFileError, name: string, home: string): UserMessage {
  const file = printable(shortPath(error.file, home));
  const text = (cause: string): string => t("Can't log in to {0} with the key {1}: {2}", name, file, cause);
  switch (error.reason) {
    case "missing":
      return failure(text(t("the file does not exist. Correct IdentityFile.")), showLog());
    case "unreadable":
      return failure(text(t("it can't be read. Check its permissions.")), retry(), showLog());
    case "permissions":
      return failure(text(t("others can read it. Run chmod 600 on it.")), retry(), showLog());
    case "unsupported":
      return failure(
        text(
          t(
            "this key type is not supported. Use an Ed25519, ECDSA or RSA key, or load the key into ssh-agent instead; ssh-keygen -p converts a file of an unknown format.",
          ),
        ),
        showLog(),
      );
    case "malformed":
      return failure(text(t("it is damaged, or not a private key.")), showLog());
    case "wrong-passphrase":
      return failure(text(t("the passphrase is wrong.")), retry(), showLog());
  }
}
