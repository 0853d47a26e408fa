import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import type {
  ChannelExit,
  Dimensions,
  EngineChannel,
  KeepSpec,
  SessionSpec,
} from "../engine/connectionEngine.ts";
import { field } from "../engine/keeper/keeperJson.ts";
import {
  dataWindow,
  type KeptClosed,
  type KeptListed,
  type KeptOpen,
  type KeptOpened,
} from "../engine/keeper/keeperMessages.ts";
import type { KeeperSocket } from "../engine/keeper/keeperSocket.ts";
import type { Master } from "../master/master.ts";
import { closeInOrder } from "../session/channelEnding.ts";
import { SessionLimits } from "../session/sessionLimits.ts";
import { KeptScreen } from "./keptScreen.ts";

/**
 * Output that is still read while no window is attached, so that a program's last words and its end are noticed. What
 * comes then waits in the channel's window, and the program with it.
 */
const readAlone = 16 * 1024;

/** Output that the screen has not parsed yet, at most. */
const unparsedMark = 256 * 1024;

/** Input that the server has not taken, above which the window waits. Windows of ours send less before that. */
const mostInput = 4 * 1024 * 1024;

/** A terminal that works reads something within this time. Milliseconds. */
const screenPatience = 100;

/** A window that has been replaced may still have input on its way. Milliseconds. */
const leaveWithin = 1_000;

/** What a window says of itself. Those of other versions may say less. */
type KeptWindow = Partial<Pick<KeptOpen, "pid" | "name" | "workspace">>;

/** The window that is attached to a session. */
interface Attached {
  readonly socket: KeeperSocket;
  readonly window: KeptWindow;
  /** Bytes that it has not consumed. */
  unconsumed: number;
  /** It has the screen, and gets the output. */
  isShown: boolean;
}

export interface KeptSessionInit {
  readonly clock: Clock;
  readonly master: Master;
  readonly channel: EngineChannel;
  readonly spec: SessionSpec;
  readonly keep: KeepSpec;
  /** Monotonic milliseconds of the last data on any kept session of its connection. */
  activityOnConnection(): number;
  /** The session has ended, and no window needs it. */
  onGone(): void;
}

/** A session that goes on without a window: its channel, its screen, and the limits that count meanwhile. */
export class KeptSession implements Disposable {
  readonly #init: KeptSessionInit;
  readonly #screen: KeptScreen;
  readonly #since: number;
  readonly #store = new DisposableStore();
  #limits: SessionLimits | undefined;
  #limitedFrom: number;
  #lastData: number;
  #attached: Attached | undefined;
  #dimensions: Dimensions;
  /** Bytes of output since the last window left. */
  #readAlone = 0;
  #input = 0;
  /** Input whose consumption is reported when the channel has room again. */
  #owed = 0;
  #limit: KeptClosed["limit"];
  #end: KeptClosed | undefined;
  #isEnding = false;
  #endIsKnown = false;
  #wasShown = false;

  constructor(init: KeptSessionInit) {
    this.#init = init;
    const { clock, channel, spec, keep, master } = init;
    this.#since = clock.now();
    this.#limitedFrom = clock.monotonic() - keep.limitedFor;
    this.#lastData = clock.monotonic();
    this.#dimensions = spec.pty ?? { columns: 80, rows: 24 };
    this.#screen = this.#store.add(new KeptScreen(this.#dimensions));
    this.#store.add(master.guests.hold());
    channel.onDidReceive(({ kind, data }) => {
      this.#lastData = clock.monotonic();
      this.#screen.write(data, () => this.#regulate());
      const attached = this.#attached;
      if (attached?.isShown) {
        attached.unconsumed += data.length;
        attached.socket.data(data, kind);
      } else {
        this.#readAlone += data.length;
      }
      this.#regulate();
    });
    channel.onDidReceiveEof(() => this.#attached?.socket.note("eof"));
    channel.onDidDrain(() => this.#acknowledge());
    channel.onDidClose(({ exit, lost }) => void this.#onClosed(exit, lost));
    this.#startLimits();
  }

  get id(): string {
    return this.#init.keep.id;
  }

  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  /** It has ended, and a window knows. */
  get isOver(): boolean {
    return this.#endIsKnown;
  }

  get master(): Master {
    return this.#init.master;
  }

  get lastData(): number {
    return this.#lastData;
  }

  listed(): KeptListed {
    const { id, host, title } = this.#init.keep;
    const { pid: window, name: windowName, workspace } = this.#attached?.window ?? {};
    return { id, host, title, since: this.#since, window, windowName, workspace, ended: this.isEnded };
  }

  /** Another window that is attached is detached. What it has sent is still read. */
  async attach(
    socket: KeeperSocket,
    window: KeptWindow,
    dimensions: Dimensions | undefined,
  ): Promise<KeptOpened> {
    while (this.#attached !== undefined) {
      // Of several windows that attach at once, the last one stays.
      await this.#detachOther(this.#attached);
    }
    const { clock, channel } = this.#init;
    channel.pause();
    this.#limits?.dispose();
    const attached: Attached = { socket, window, unconsumed: 0, isShown: false };
    this.#attached = attached;
    if (dimensions !== undefined) {
      this.#resize(dimensions);
    }
    this.#listen(attached);
    const now = clock.monotonic();
    return {
      ptyRefused: channel.ptyRefused,
      limitedFor: now - this.#limitedFrom,
      idleFor: now - this.#lastData,
      input: this.#input,
      details: channel.details(),
    };
  }

  /** Ends it as a closing terminal does. */
  end(): void {
    const { clock, channel, spec } = this.#init;
    if (this.#isEnding || this.isEnded) {
      return;
    }
    this.#isEnding = true;
    this.#regulate();
    closeInOrder(channel, {
      hasPty: spec.pty !== undefined,
      isEnded: () => this.isEnded,
      after: (milliseconds, callback) => this.#store.add(clock.setTimeout(callback, milliseconds)),
      onSilence: () => {
        this.#end ??= { exit: {}, lost: false, ...(this.#limit && { limit: this.#limit }) };
        this.#reportEnd();
      },
    });
  }

  /** A screen has thrown an error. If it is this one, it starts again, and the session goes on. */
  checkScreen(onFailed: () => void): void {
    const { parsed } = this.#screen;
    this.#store.add(
      this.#init.clock.setTimeout(() => {
        if (this.#screen.isStuckSince(parsed)) {
          this.#screen.restart();
          onFailed();
        }
      }, screenPatience),
    );
  }

  /** The keeper ends on request: the window's terminal does not reconnect. */
  stop(): void {
    const closed: KeptClosed = { exit: {}, lost: true, lostBy: "disconnected" };
    this.#attached?.socket.note("closed", closed);
    this.#attached?.socket.end();
  }

  dispose(): void {
    this.#limits?.dispose();
    this.#attached?.socket.destroy();
    this.#store.dispose();
  }

  #listen(attached: Attached): void {
    const { socket } = attached;
    const { channel, clock } = this.#init;
    socket.onNote("ready", () => void this.#show(attached));
    socket.onDidConsume((bytes) => {
      attached.unconsumed -= bytes;
      this.#regulate();
    });
    socket.onDidReceive(({ data }) => {
      this.#lastData = clock.monotonic();
      this.#input += data.length;
      this.#owed += data.length;
      channel.write(data);
      this.#acknowledge();
      if (this.#owed > mostInput) {
        socket.pause();
      }
    });
    socket.onNote("eof", () => channel.eof());
    socket.onNote("resize", (dimensions) => this.#resize(dimensions));
    socket.onNote("signal", (name) => channel.signal(String(name)));
    socket.onNote("break", (milliseconds) => channel.sendBreak(Number(milliseconds)));
    socket.onNote("close", () => channel.close());
    socket.onNote("extend", () => {
      this.#limitedFrom = clock.monotonic();
    });
    socket.onDidClose(() => this.#onLeft(attached));
    if (socket.isClosed) {
      this.#onLeft(attached);
    }
  }

  async #show(attached: Attached): Promise<void> {
    const screen = await this.#screen.snapshot();
    if (this.#attached !== attached) {
      return;
    }
    attached.isShown = true;
    // The terminal of a new session keeps what it shows: why the one before was lost, for example.
    if (this.#wasShown) {
      attached.unconsumed += screen.length;
      attached.socket.data(screen);
    }
    this.#wasShown = true;
    this.#readAlone = 0;
    this.#regulate();
    this.#reportEnd();
  }

  async #detachOther(before: Attached): Promise<void> {
    const { clock } = this.#init;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimeout(() => before.socket.destroy(), leaveWithin);
      before.socket.onDidClose(() => {
        timer.dispose();
        resolve();
      });
      before.socket.note("closed", { exit: {}, lost: false, moved: true } satisfies KeptClosed);
    });
  }

  #onLeft(attached: Attached): void {
    if (this.#attached !== attached) {
      return;
    }
    this.#attached = undefined;
    this.#readAlone = 0;
    if (this.isEnded) {
      this.#init.onGone();
      return;
    }
    this.#startLimits();
    this.#regulate();
  }

  /** Reads while the window and the screen keep up. */
  #regulate(): void {
    const { channel } = this.#init;
    const attached = this.#attached;
    const hasRoom = attached?.isShown ? attached.unconsumed < dataWindow : this.#readAlone < readAlone;
    const isBeingShown = attached !== undefined && !attached.isShown;
    if (this.#isEnding || (hasRoom && !isBeingShown && this.#screen.unparsed < unparsedMark)) {
      channel.resume();
    } else {
      channel.pause();
    }
  }

  /** Reports input as consumed once the server has taken it. */
  #acknowledge(): void {
    const waiting = this.#init.channel.queuedBytes;
    const consumed = this.#owed - waiting;
    if (consumed > 0 && (waiting === 0 || consumed >= dataWindow / 4)) {
      this.#owed -= consumed;
      this.#attached?.socket.consumed(consumed);
    }
    if (this.#owed <= mostInput) {
      this.#attached?.socket.resume();
    }
  }

  #resize(dimensions: unknown): void {
    const [columns, rows] = [Number(field(dimensions, "columns")), Number(field(dimensions, "rows"))];
    if (columns !== this.#dimensions.columns || rows !== this.#dimensions.rows) {
      this.#dimensions = { columns, rows };
      this.#screen.resize(this.#dimensions);
      this.#init.channel.resize(this.#dimensions);
    }
  }

  /** While a window is attached, it counts its limits itself. */
  #startLimits(): void {
    const { clock, keep, activityOnConnection } = this.#init;
    this.#limits?.dispose();
    this.#limits = new SessionLimits(clock, {
      onWarn: () => {},
      onReached: (limit, seconds) => {
        this.#limit = { limit, seconds };
        this.end();
      },
      lastActivityOnConnection: () => activityOnConnection(),
    });
    this.#limits.start(keep.limits, this.#limitedFrom, this.#lastData);
  }

  async #onClosed(exit: ChannelExit, lost: boolean): Promise<void> {
    const { master } = this.#init;
    if (lost) {
      // The connection's own end has the reason, and may come a moment later.
      await master.ended;
    }
    this.#end = {
      ...{ exit, lost },
      ...(lost && { lostBy: master.endReason ?? "connection-lost" }),
      ...(this.#limit && { limit: this.#limit }),
    };
    this.#limits?.dispose();
    this.#reportEnd();
  }

  #reportEnd(): void {
    if (this.#end !== undefined && this.#attached?.isShown) {
      this.#endIsKnown = true;
      this.#attached.socket.note("closed", this.#end);
    }
  }
}
