import type { Clock } from "../../base/clock.ts";
import { raceSignal } from "../../base/deadline.ts";
import { toDisposable } from "../../base/disposable.ts";
import type { LastingSocket } from "../connectionEngine.ts";
import type { SshMaster } from "../sshMaster.ts";
import { type MasterFiles, releaseMaster, removeMasterFiles } from "./masterFolder.ts";
import { MasterLog } from "./masterLog.ts";
import { type MuxControl, withMaster } from "./muxControl.ts";
import { SharedMasterConnection, type SharedMasterParts } from "./sharedMasterConnection.ts";

/** How long the end waits for the master. Milliseconds. */
const endWait = 2_000;

export interface ControlPathConnectionParts extends Omit<SharedMasterParts, "path"> {
  readonly files: MasterFiles;
  /** The master's process id. */
  readonly pid: number;
  /** A window before this one made the master: its log may lack clients. */
  readonly isTakenOver: boolean;
  /** The master is older than OpenSSH 9.9: see ClientWire. */
  readonly confusesChannels: boolean;
}

/**
 * A connection of our own `ssh` master at the ControlPath of ssh_config, where the user's own `ssh` uses it, too. Its
 * end does not end their sessions: then the master only stops listening, as with `ssh -O stop`, and ends with its last
 * client (client_stop_mux in clientloop.c).
 */
export class ControlPathConnection extends SharedMasterConnection {
  readonly #parts: ControlPathConnectionParts;
  readonly #log: MasterLog;
  readonly #timers: Clock;
  /** The master has closed our socket, or needs nothing more from us. */
  #isOver = false;
  #staysForNext = false;

  readonly sshMaster: SshMaster;

  /** The user's `ssh` finds it at ControlPath, but with `ControlMaster yes` makes a connection of its own. */
  readonly lastingSocket = async (): Promise<LastingSocket> => ({
    path: this.#parts.files.socket,
    knownHosts: undefined,
  });

  constructor(parts: ControlPathConnectionParts) {
    super({ ...parts, path: parts.files.socket });
    this.#parts = parts;
    this.#timers = parts.clock;
    const log = new MasterLog(parts.files.log, parts.clock);
    this.#log = log;
    if (parts.confusesChannels) {
      this.wire.mind(log);
      log.onDidChange(() => this.wire.closeWithheld());
    }
    this.sshMaster = {
      path: parts.files.socket,
      isUsers: true,
      get programs() {
        return log.others;
      },
      onDidChange: log.onDidChange,
    };
    this.wire.start();
  }

  override close(): void {
    if (this.ended || this.closing) {
      return;
    }
    const timer = this.#timers.setTimeout(() => this.destroy(), endWait);
    const abort = new AbortController();
    this.closing = toDisposable(() => {
      timer.dispose();
      abort.abort();
    });
    this.#stop(abort.signal, (control) => control.terminate()).then(
      () => {
        this.#isOver = true;
        super.close();
      },
      () => this.destroy(),
    );
  }

  /** Leaves the master to the next window, for as long as its ControlPersist. */
  release(): void {
    if (!this.ended) {
      this.#staysForNext = true;
      super.close();
    }
  }

  /** It has ended or is about to. Its last log lines say why. */
  protected override masterGone(): void {
    if (this.ended || this.#isOver) {
      return;
    }
    this.#isOver = true;
    void this.#log.end().then((end) => this.finish(end));
  }

  protected override detach(): void {
    if (this.#staysForNext) {
      super.detach();
      void releaseMaster(this.#parts.files);
      this.#closeLog();
    } else if (this.#isOver) {
      super.detach();
      this.#forget();
    } else {
      this.wire.leave();
      const left = this.#end();
      this.departures?.add(left);
    }
  }

  /** After `destroy`: nothing may wait for a server that does not answer. */
  async #end(): Promise<void> {
    const { pid } = this.#parts;
    await this.#stop(AbortSignal.timeout(endWait), async () => endProcess(pid)).catch(async () => {
      // It does not answer. Our own request is not in its log.
      if (await this.#isUnused(0)) {
        endProcess(pid);
      }
    });
    super.detach();
    this.#forget();
  }

  /** The master accepts no more clients; `end` is called if there is none. @throws MuxError, or the signal's reason */
  async #stop(signal: AbortSignal, end: (control: MuxControl) => Promise<void>): Promise<void> {
    await withMaster(this.#parts.files.socket, signal, async (control) => {
      // A master that goes on would keep them, and can't be asked later.
      await raceSignal(this.leaveForwards(), signal);
      await control.stopListening();
      if (await this.#isUnused(1)) {
        await end(control);
      } else {
        this.logger.info("The master of ssh goes on until its other sessions have ended");
      }
    });
  }

  /** @param requests of ours that are open, besides the connection itself */
  async #isUnused(requests: number): Promise<boolean> {
    const wasAttached = this.isAttached;
    const count = await this.#log.count();
    // Once our socket is closed, the log may say so or not: then nothing is assumed.
    const own = requests + (wasAttached && this.isAttached ? 1 : 0);
    return count !== undefined && !this.#parts.isTakenOver && count <= own;
  }

  #forget(): void {
    void removeMasterFiles(this.#parts.files);
    this.#closeLog();
  }

  #closeLog(): void {
    this.#log.dispose();
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // The master has already ended.
  }
}
