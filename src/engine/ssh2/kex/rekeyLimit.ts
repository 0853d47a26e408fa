import type { Clock } from "../../../base/clock.ts";
import type { Disposable } from "../../../base/disposable.ts";
import { crypto, type NegotiatedKex } from "../ssh2Protocol.ts";

/** ssh_config RekeyLimit. */
export interface RekeyLimitSetting {
  /** Undefined: the limit of the cipher. */
  readonly bytes?: number;
  readonly seconds?: number;
}

/** MAX_PACKETS of OpenSSH's packet.c (RFC 4344 section 3.1). */
const mostPackets = 2 ** 31;

/** RFC 4344 section 3.2: 2^(L/4) blocks where a block has L bits, at least 128; else a gigabyte (RFC 4253 section 9). */
function cipherLimit(name: string): number {
  const block = crypto.CIPHER_INFO[name]?.blockLen ?? 8;
  return block >= 16 ? 2 ** (block * 2) * block : 2 ** 30;
}

/** Counts the data under one set of keys in each direction, and calls `expired` once at the limit. */
export class RekeyLimit {
  readonly #setting: RekeyLimitSetting;
  readonly #clock: Clock;
  readonly #expired: () => void;
  #bytes = { in: 0, out: 0 };
  #packets = { in: 0, out: 0 };
  #most = { in: Number.POSITIVE_INFINITY, out: Number.POSITIVE_INFINITY };
  #timer: Disposable | undefined;

  constructor(setting: RekeyLimitSetting, clock: Clock, expired: () => void) {
    this.#setting = setting;
    this.#clock = clock;
    this.#expired = expired;
  }

  /** New keys are in use. */
  restart({ cs, sc }: NegotiatedKex): void {
    const { bytes, seconds } = this.#setting;
    this.#bytes = { in: 0, out: 0 };
    this.#packets = { in: 0, out: 0 };
    this.#most = { in: bytes ?? cipherLimit(sc.cipher), out: bytes ?? cipherLimit(cs.cipher) };
    this.#timer?.dispose();
    this.#timer =
      seconds === undefined || seconds === 0
        ? undefined
        : this.#clock.setTimeout(() => this.#expired(), seconds * 1_000);
  }

  count(direction: "in" | "out", bytes: number): void {
    this.#bytes[direction] += bytes;
    this.#packets[direction]++;
    if (this.#bytes[direction] >= this.#most[direction] || this.#packets[direction] >= mostPackets) {
      this.#most[direction] = Number.POSITIVE_INFINITY;
      this.#packets[direction] = 0;
      this.#expired();
    }
  }

  end(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
