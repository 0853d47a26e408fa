import type { RiddenMaster } from "../connectionEngine.ts";
import { ChannelError } from "../engineErrors.ts";
import { SharedMasterConnection, type SharedMasterParts } from "./sharedMasterConnection.ts";

export interface RiddenConnectionParts extends Omit<SharedMasterParts, "path"> {
  readonly master: RiddenMaster;
}

/** Our channels on a master that the user's own `ssh` made. Ending it ends only our channels, never the master. */
export class RiddenConnection extends SharedMasterConnection {
  readonly rides: RiddenMaster;

  constructor({ master, ...parts }: RiddenConnectionParts) {
    super({ ...parts, path: master.path });
    this.rides = master;
    this.wire.start();
  }

  /** Whether the server has room for a session. @throws ChannelError `connection-ended`, or the signal's reason */
  async hasRoom(signal: AbortSignal): Promise<boolean> {
    try {
      (await this.table.open("session", 0, Buffer.alloc(0), signal)).close();
      return true;
    } catch (error) {
      if (ChannelError.is(error) && error.reason === "refused") {
        return false;
      }
      throw error;
    }
  }
}
