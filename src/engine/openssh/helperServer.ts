import { timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import type { Disposable } from "../../base/disposable.ts";
import { guarded } from "../../base/guarded.ts";
import { fieldOf, hasTexts } from "../../base/jsonFields.ts";

/** The questions that the helpers of a login forward. Undefined: no answer. A rejection ends the login. */
export interface HelperQuestions {
  /** @param hint value of SSH_ASKPASS_PROMPT: `confirm`, `none`, or empty */
  ask(prompt: string, hint: string): Promise<string | undefined>;
  /** The ProxyCommand has started: its stream to `ssh`. */
  relay(stream: Socket): void;
  /** A helper disconnected before it got its answer: it was killed, or `ssh` has ended. */
  gone(): void;
  failed(error: unknown): void;
}

/** Above the largest question. */
const longestQuestion = 64 * 1024;

/** The unix socket, in a folder of this user, by which the programs that `ssh` starts reach us. One per login. */
export class HelperServer implements Disposable {
  readonly #token: Buffer;
  readonly #questions: HelperQuestions;
  readonly #server: Server;
  readonly #asking = new Set<Socket>();

  private constructor(token: string, questions: HelperQuestions) {
    this.#token = Buffer.from(token);
    this.#questions = questions;
    this.#server = createServer(
      { allowHalfOpen: true },
      guarded((peer: Socket) => this.#onPeer(peer)),
    );
  }

  static async listen(path: string, token: string, questions: HelperQuestions): Promise<HelperServer> {
    const helper = new HelperServer(token, questions);
    await new Promise<void>((resolve, reject) => {
      helper.#server.once("error", reject).listen(path, resolve);
    });
    return helper;
  }

  /** Accepts no more questions and leaves pending ones unanswered. The relay's stream stays open. */
  dispose(): void {
    this.#server.close();
    for (const peer of this.#asking) {
      peer.destroy();
    }
    this.#asking.clear();
  }

  #onPeer(peer: Socket): void {
    this.#asking.add(peer);
    let input = Buffer.alloc(0);
    peer.on("error", () => {});
    peer.on("close", () => this.#asking.delete(peer));
    const onData = guarded((data: Buffer) => {
      input = Buffer.concat([input, data]);
      const end = input.indexOf("\n");
      if (end < 0) {
        if (input.length > longestQuestion) {
          peer.destroy();
        }
        return;
      }
      peer.off("data", onData);
      const question = this.#parse(input.subarray(0, end).toString("utf8"));
      if (question === undefined) {
        peer.destroy();
      } else {
        this.#onQuestion(peer, question, input.subarray(end + 1));
      }
    });
    peer.on("data", onData);
  }

  #onQuestion(peer: Socket, { kind, hint, words }: Question, rest: Buffer): void {
    if (kind === "relay") {
      this.#asking.delete(peer);
      peer.pause();
      peer.unshift(rest);
      this.#questions.relay(peer);
      return;
    }
    peer.resume();
    let answered = false;
    const onGone = guarded(() => {
      // `none` only asks the user to touch a key: `ssh` kills the askpass once the key was touched.
      if (!answered && hint !== "none" && this.#asking.has(peer)) {
        this.#questions.gone();
      }
    });
    peer.prependListener("close", onGone);
    peer.on("end", () => peer.destroy());
    this.#questions.ask(words.join(" "), hint).then(
      (text) => {
        if (hint === "none") {
          return;
        }
        answered = true;
        if (text === undefined) {
          peer.destroy();
        } else {
          peer.end(`${text}\n`);
        }
      },
      (error: unknown) => {
        answered = true;
        this.#questions.failed(error);
        peer.destroy();
      },
    );
  }

  #parse(line: string): Question | undefined {
    try {
      const asked: unknown = JSON.parse(line);
      return isQuestion(asked) && this.#isToken(asked.token) ? asked : undefined;
    } catch {
      return undefined;
    }
  }

  #isToken(token: string): boolean {
    const given = Buffer.from(token);
    return given.length === this.#token.length && timingSafeEqual(given, this.#token);
  }
}

interface Question {
  readonly token: string;
  readonly kind: string;
  readonly hint: string;
  readonly words: readonly string[];
}

function isQuestion(value: unknown): value is Question {
  return hasTexts(value, ["token", "kind", "hint"]) && Array.isArray(fieldOf(value, "words"));
}
