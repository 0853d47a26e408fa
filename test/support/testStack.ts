import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuthPrompter } from "../../src/auth/authPorts.ts";
import { systemClock } from "../../src/base/clock.ts";
import { Emitter, nextEvent } from "../../src/base/emitter.ts";
import { silentLogger } from "../../src/base/log.ts";
import { createHostResolver, type HostResolverInit } from "../../src/config/hostResolver.ts";
import type { ForwardService } from "../../src/forward/forwardService.ts";
import type { MasterSnapshot } from "../../src/session/masterSnapshotTypes.ts";
import type { SessionService } from "../../src/session/sessionServiceTypes.ts";
import type { Session, SessionOutcome } from "../../src/session/sessionTypes.ts";
import type { KeeperSharing } from "../../src/share/keeper/keeperSharing.ts";
import type { ProgramSharing } from "../../src/share/programSharing.ts";
import type { RidingConsent } from "../../src/share/userMasterPorts.ts";
import type { UserMasters } from "../../src/share/userMasters.ts";
import type { WindowSharing } from "../../src/share/windowSharing.ts";
import { createSshStack, type SshStackInit } from "../../src/sshStack.ts";
import type { HostKeyPrompter } from "../../src/trust/hostKeyPorts.ts";
import { FakeSettings } from "./configFixtures.ts";

/** Settings that a test changes as a user would; call `reload` then. */
export class TestSettings extends FakeSettings {
  constructor() {
    super();
    this.layers = { user: { reconnect: "never" } };
  }

  set workspace(values: Readonly<Record<string, unknown>>) {
    this.layers = { ...this.layers, workspace: values };
  }

  reload(): void {
    this.changed.fire();
  }
}

/** Fails the test: no question was expected. */
export const noPrompts: AuthPrompter & HostKeyPrompter = {
  password: () => Promise.reject(new Error("unexpected question for a password")),
  passphrase: () => Promise.reject(new Error("unexpected question for a passphrase")),
  changePassword: () => Promise.reject(new Error("unexpected question for a new password")),
  keyboardInteractive: () => Promise.reject(new Error("unexpected questions of the server")),
  confirmUnknown: () => Promise.reject(new Error("unexpected question about a host key")),
};

/** A user who lets us use none of the connections of their own `ssh`. */
export const refusing: RidingConsent = {
  isOff: false,
  choiceFor: async () => false,
  ask: async () => false,
  remember: async () => {},
};

export interface TestStack extends AsyncDisposable {
  readonly service: SessionService;
  readonly forwards: ForwardService;
  readonly programs: ProgramSharing;
  readonly windows: WindowSharing;
  readonly userMasters: UserMasters;
  readonly keeper: KeeperSharing;
  readonly settings: TestSettings;
  /** A folder for files of the test, removed at the end. */
  readonly folder: string;
  /** The master with this id, or the first one. */
  master(id?: string): MasterSnapshot;
  /** Resolves when `service.masters()` satisfies `accept`. */
  until(accept: (masters: readonly MasterSnapshot[]) => boolean): Promise<void>;
}

/** The whole stack below the editor, with real files, real keys and the real engine. */
export async function testStack(
  configFile: string,
  over: Partial<Omit<SshStackInit, "settings" | "resolver">> = {},
  reading: Pick<HostResolverInit, "ssh"> = {},
  consent?: RidingConsent,
): Promise<TestStack> {
  const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-test-"));
  const settings = new TestSettings();
  settings.configFile = configFile;
  const resolver = createHostResolver({ ...reading, settings, clock: systemClock, logger: silentLogger });
  const stack = createSshStack({
    clock: systemClock,
    logger: silentLogger,
    settings,
    resolver,
    authPrompter: noPrompts,
    hostKeyPrompter: noPrompts,
    secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
    socketFolder: join(folder, "sockets"),
    ...(consent && { userMasters: { paths: resolver, consent } }),
    ...over,
  });
  const { service, forwards, programs, windows, userMasters, keeper } = stack;
  return {
    service,
    forwards,
    programs,
    windows,
    userMasters,
    keeper,
    settings,
    folder,
    master(id) {
      const found = service.masters().find((master) => id === undefined || master.id === id);
      if (found === undefined) {
        throw new Error(`there is no master ${id ?? ""}`);
      }
      return found;
    },
    async until(accept) {
      while (!accept(service.masters())) {
        await nextEvent(service.onDidChange, AbortSignal.timeout(30_000));
      }
    },
    async [Symbol.asyncDispose]() {
      // Until it resolves, files are written into the folder of the sockets.
      await programs.turnOff();
      await stack.leave();
      resolver.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Collects a session's output as text, and lets it flow. */
export class Transcript {
  readonly #session: Session;
  readonly #changed = new Emitter<void>();
  text = "";

  constructor(session: Session) {
    this.#session = session;
    session.onDidReceive(({ data }) => {
      this.text += Buffer.from(data).toString("latin1");
      this.#changed.fire();
    });
    void session.ended.then(() => this.#changed.fire());
    session.resume();
  }

  send(text: string): void {
    this.#session.write(Buffer.from(text));
  }

  /** Resolves when the output matches; rejects if the session ends before. */
  async waitFor(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.text.match(pattern);
      if (match !== null) {
        return match;
      }
      if (this.#session.state.kind === "ended") {
        throw new Error(`the session ended without ${pattern}: ${this.text.slice(-2000)}`);
      }
      await nextEvent(this.#changed.event, AbortSignal.timeout(30_000));
    }
  }

  get ended(): Promise<SessionOutcome> {
    return this.#session.ended;
  }
}
