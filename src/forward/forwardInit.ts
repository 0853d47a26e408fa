import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { ConnectionUse } from "../config/connectionPolicy.ts";
import type { ForwardSpec } from "../config/forwardSpec.ts";
import type { MasterRegistry } from "../master/masterRegistry.ts";
import type { LostConnection, ReconnectHolder, ReconnectTicket } from "../reconnect/reconnectTypes.ts";
import type { DescriptorBudget } from "./descriptorBudget.ts";
import type { DialledSockets } from "./dialledSockets.ts";
import type { ForwardClaim } from "./forwardPorts.ts";
import type { ForwardRules } from "./forwardRules.ts";
import type { ForwardOrigin, ForwardSnapshot } from "./forwardTypes.ts";

/** What one forward needs. */
export interface ForwardInit {
  readonly id: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: MasterRegistry;
  readonly budget: DescriptorBudget;
  readonly dialled: DialledSockets;
  readonly use: ConnectionUse;
  readonly host: string;
  readonly spec: ForwardSpec;
  readonly origin: ForwardOrigin;
  readonly onDemand: boolean;
  readonly rules: ForwardRules;
  reconnect(lost: LostConnection, holder: ReconnectHolder): ReconnectTicket;
  /** A program uses a forward without a connection: asks the user whether it may log in. */
  mayLogIn(forward: ForwardSnapshot): Promise<boolean>;
  /** Undefined: it is not shared with other windows. */
  readonly claim: (() => Promise<ForwardClaim>) | undefined;
  onChange(): void;
  /** The user has ended the connection. */
  onEnded(): void;
}
