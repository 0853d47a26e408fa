import { AuthError } from "../../../auth/authErrors.ts";
import type { AuthAttempt } from "../../../auth/authPorts.ts";
import { isSecurityKeyType } from "../../../auth/signatureAlgorithms.ts";
import { CancelledError } from "../../../base/errors.ts";
import { printable } from "../../../base/log.ts";
import { wireBoolean, wireString } from "../../../base/wire.ts";
import type { LoginWait } from "../../connectionEngine.ts";
import { ConnectError } from "../../engineErrors.ts";
import { signOrPassOver } from "./keySignature.ts";
import {
  authMessage,
  encodeInfoResponse,
  encodeRequest,
  instructionOf,
  parseExtInfo,
  parseFailure,
  parseInfoRequest,
  parsePkOk,
  parseText,
} from "./userAuthMessages.ts";
import { isJudged, isServersTurn, type Of, type State, type UserAuthInit } from "./userAuthState.ts";

/** Rounds of one keyboard-interactive attempt (RFC 4256 section 3.2): with questions, and in total. */
const mostQuestionRounds = 20;
const mostRounds = 500;

/**
 * The client's side of user authentication (RFC 4252, 4256; sshconnect2.c), over any transport. One attempt is
 * pending at a time. An unexpected reply, also after the login, ends the connection: it could otherwise make us send
 * a password without a request.
 */
export class UserAuth {
  readonly #init: UserAuthInit;
  #state: State = { kind: "idle" };
  #isAccepted = false;
  #methodsLeft: readonly string[] | undefined;
  #signatureAlgorithms: readonly string[] | undefined;
  #refusals = 0;
  #secretRefused = false;
  /** Methods that succeeded, in order (RFC 4252 section 5.1, partial success). */
  readonly #passed: string[] = [];
  #method: string | undefined;
  #rounds = 0;
  #questionRounds = 0;
  /** Aborts when the attempt is over. */
  #attempt = new AbortController();

  constructor(init: UserAuthInit) {
    this.#init = init;
  }

  /** Attempts that the server has refused, except the routine `none`. */
  get refusals(): number {
    return this.#refusals;
  }

  /** The server has refused a password or answers. Refused public keys are routine. */
  get secretRefused(): boolean {
    return this.#secretRefused;
  }

  /** The server has a password, answers or a signature, and has not replied yet. */
  get isJudging(): boolean {
    return isJudged(this.#state, this.#rounds);
  }

  /** The server has to send the next message. */
  get isWaitingForServer(): boolean {
    return isServersTurn(this.#state, this.#isAccepted);
  }

  get methodsLeft(): readonly string[] {
    return (this.#methodsLeft ?? []).map((name) => printable(name, 100));
  }

  /** `publickey,password`: the methods that the login needed. */
  get authMethod(): string {
    return [...this.#passed, ...(this.#method === undefined ? [] : [this.#method])].join(",");
  }

  /** Handles a message of user authentication. @param payload including its number. */
  receive(payload: Buffer): void {
    if (this.#state.kind === "over" && !this.#state.loggedIn) {
      // The rest of a chunk that was read when the login ended.
      return;
    }
    switch (payload[0]) {
      case authMessage.serviceAccept:
        this.#onServiceAccept();
        return;
      case authMessage.extInfo:
        this.#onExtInfo(payload);
        return;
      case authMessage.success:
        this.#onSuccess();
        return;
      case authMessage.failure:
        this.#onFailure(payload);
        return;
      case authMessage.methodSpecific:
        this.#onMethodSpecific(payload);
        return;
      default:
        this.#violated(`message ${payload[0]}`);
    }
  }

  /** The connection has ended or was given up. Idempotent. */
  end(): void {
    this.#toOver(this.#state.kind === "over" && this.#state.loggedIn);
  }

  #onServiceAccept(): void {
    if (this.#isAccepted || this.#state.kind !== "idle") {
      this.#violated("SERVICE_ACCEPT");
      return;
    }
    this.#isAccepted = true;
    this.#advance(false);
  }

  #onExtInfo(payload: Buffer): void {
    const info = parseExtInfo(payload);
    if (info === undefined) {
      this.#violated("malformed EXT_INFO");
    } else {
      // RFC 8308 section 2.4: a second one replaces the first.
      this.#signatureAlgorithms = info.names ?? this.#signatureAlgorithms;
    }
  }

  #onSuccess(): void {
    switch (this.#state.kind) {
      case "idle":
      case "signing":
      case "changing":
      case "over":
        this.#violated("SUCCESS");
        return;
      default:
        this.#toOver(true);
        this.#init.onSuccess();
    }
  }

  #onFailure(payload: Buffer): void {
    const failure = parseFailure(payload);
    const { kind } = this.#state;
    if (
      failure === undefined ||
      kind === "idle" ||
      kind === "signing" ||
      kind === "changing" ||
      kind === "over"
    ) {
      this.#violated("FAILURE");
      return;
    }
    if (failure.partialSuccess && this.#method !== undefined) {
      this.#passed.push(this.#method);
    } else if (kind !== "none") {
      this.#refusals++;
      this.#secretRefused ||= kind === "password" || kind === "keyboard-interactive";
    }
    this.#methodsLeft = failure.methodsLeft;
    this.#advance(failure.partialSuccess);
  }

  #onMethodSpecific(payload: Buffer): void {
    const state = this.#state;
    switch (state.kind) {
      case "query":
        this.#onPkOk(payload, state.attempt);
        return;
      case "password":
        this.#onChangeRequest(payload, state.attempt);
        return;
      case "keyboard-interactive":
        if (state.isAsking) {
          this.#violated("INFO_REQUEST before the answer to the last one");
        } else {
          this.#onInfoRequest(payload, state.attempt);
        }
        return;
      default:
        this.#violated("message 60");
    }
  }

  /** Chooses the next attempt and starts it. This may prompt; the server checks nothing meanwhile. */
  #advance(partialSuccess: boolean): void {
    this.#state = { kind: "idle" };
    this.#init.onWait(undefined);
    this.#renewAttempt();
    const { authenticator, binding } = this.#init;
    const [left, algorithms] = [this.#methodsLeft, this.#signatureAlgorithms];
    this.#run(
      () => authenticator.next(left, partialSuccess, algorithms, binding?.()),
      (attempt) => {
        if (attempt === undefined) {
          const reason = authenticator.tried().length === 0 ? "nothing-to-try" : "refused";
          this.#fail(this.error(reason, "No further way to log in"));
        } else {
          this.#begin(attempt);
        }
      },
    );
  }

  #begin(attempt: AuthAttempt): void {
    const { user } = this.#init;
    this.#method = attempt.method;
    switch (attempt.method) {
      case "none":
        this.#send(encodeRequest(user, "none"), { kind: "none" }, "request");
        return;
      case "publickey":
        this.#send(this.#keyRequest(attempt, false), { kind: "query", attempt }, "request");
        return;
      case "password":
        this.#send(
          encodeRequest(user, "password", wireBoolean(false), wireString(attempt.password)),
          { kind: "password", attempt },
          "password",
        );
        return;
      case "keyboard-interactive":
        this.#rounds = 0;
        this.#questionRounds = 0;
        // Without a language or a choice of submethods (RFC 4256 section 3.1).
        this.#send(
          encodeRequest(user, "keyboard-interactive", wireString(""), wireString("")),
          { kind: "keyboard-interactive", attempt, isAsking: false },
          "request",
        );
    }
  }

  /** RFC 4252 section 7: the query, and the first part of the signed request. */
  #keyRequest({ key, algorithm }: Of<"publickey">, isSigned: boolean): Buffer {
    return encodeRequest(
      this.#init.user,
      "publickey",
      wireBoolean(isSigned),
      wireString(algorithm),
      wireString(key.publicKey),
    );
  }

  #onPkOk(payload: Buffer, attempt: Of<"publickey">): void {
    const { key, algorithm, origin } = attempt;
    const answer = parsePkOk(payload);
    if (answer === undefined || !answer.blob.equals(key.publicKey)) {
      this.#violated("PK_OK for a key that was not offered");
      return;
    }
    this.#state = { kind: "signing" };
    this.#init.onWait({ on: "key", origin: printable(origin), touch: isSecurityKeyType(key.type) });
    const request = this.#keyRequest(attempt, true);
    this.#run(
      () =>
        signOrPassOver(
          key,
          Buffer.concat([wireString(this.#init.sessionId()), request]),
          algorithm,
          this.#init.logger,
        ),
      (signature) => {
        if (signature === undefined) {
          // The server has not refused the key, but it could not sign: try the next one.
          this.#advance(false);
        } else {
          this.#send(Buffer.concat([request, wireString(signature)]), { kind: "signature" }, "key");
        }
      },
    );
  }

  #onChangeRequest(payload: Buffer, attempt: Of<"password">): void {
    const text = parseText(payload);
    if (text === undefined) {
      this.#violated("malformed PASSWD_CHANGEREQ");
      return;
    }
    const { user, talk } = this.#init;
    talk.say("instruction", text);
    this.#state = { kind: "changing" };
    this.#init.onWait(undefined);
    this.#run(
      async () => {
        if (attempt.change === undefined) {
          throw this.error("password-expired", "The password has expired");
        }
        return await attempt.change(text, this.#attempt.signal);
      },
      ({ oldPassword, newPassword }) =>
        this.#send(
          encodeRequest(
            user,
            "password",
            wireBoolean(true),
            wireString(oldPassword),
            wireString(newPassword),
          ),
          { kind: "password", attempt },
          "password",
        ),
    );
  }

  #onInfoRequest(payload: Buffer, attempt: Of<"keyboard-interactive">): void {
    const request = parseInfoRequest(payload);
    if (request === undefined) {
      this.#violated("malformed INFO_REQUEST");
      return;
    }
    this.#rounds++;
    if (request.prompts.length > 0) {
      this.#questionRounds++;
    }
    if (this.#rounds > mostRounds || this.#questionRounds > mostQuestionRounds) {
      this.#violated("INFO_REQUEST without end");
      return;
    }
    this.#init.talk.say("instruction", instructionOf(request));
    this.#state = { kind: "keyboard-interactive", attempt, isAsking: true };
    this.#init.onWait(undefined);
    this.#run(
      () => attempt.answer(request, this.#attempt.signal),
      (answers) => {
        if (answers === undefined) {
          this.#fail(CancelledError.dismissed());
          return;
        }
        this.#send(
          encodeInfoResponse(request.prompts.map((_, index) => answers[index] ?? "")),
          { kind: "keyboard-interactive", attempt, isAsking: false },
          "answers",
        );
      },
    );
  }

  /** Runs a step that takes time. Its result counts only if no other message was handled meanwhile. */
  #run<T>(step: () => Promise<T>, then: (value: T) => void): void {
    const state = this.#state;
    const isCurrent = (): boolean => this.#state === state;
    (async () => await step())().then(
      (value) => {
        if (isCurrent()) {
          then(value);
        }
      },
      (error: unknown) => {
        if (isCurrent()) {
          this.#fail(error);
        }
      },
    );
  }

  #send(message: Buffer, state: State, judging: Extract<LoginWait, { on: "server" }>["judging"]): void {
    this.#state = state;
    this.#init.onWait({ on: "server", judging });
    this.#init.send(message);
  }

  #renewAttempt(): void {
    this.#attempt.abort(new CancelledError());
    this.#attempt = new AbortController();
  }

  #toOver(loggedIn: boolean): void {
    this.#state = { kind: "over", loggedIn };
    this.#attempt.abort(new CancelledError());
    this.#init.onWait(undefined);
  }

  /** The server's message is not allowed now (RFC 4252 sections 5.1 and 5.3; OpenSSH: input_userauth_error). */
  #violated(what: string): void {
    this.#fail(new ConnectError("protocol", `The server broke the rules of authentication: ${what}`));
  }

  #fail(error: unknown): void {
    this.#toOver(false);
    this.#init.onFailure(error);
  }

  /** @param said the server's message, printable. */
  error(reason: AuthError["reason"], message: string, said?: string): AuthError {
    const { authenticator } = this.#init;
    return new AuthError(reason, message, {
      tried: authenticator.tried(),
      problems: authenticator.problems(),
      methodsLeft: this.methodsLeft,
      ...(said !== undefined && said.trim() !== "" && { said }),
    });
  }
}
