import type { ForwardService } from "../../forward/forwardService.ts";
import type { ForwardBox } from "../prompts/forwardBox.ts";
import type { Commands } from "./command.ts";
import { copyForwardAddress } from "./copyForwardAddress.ts";
import { forwardPort } from "./forwardPort.ts";
import { openForwardInBrowser } from "./openForwardInBrowser.ts";
import { removeForward } from "./removeForward.ts";
import { restartForward } from "./restartForward.ts";
import { saveForwardForHost } from "./saveForwardForHost.ts";
import { saveForwardInWorkspace } from "./saveForwardInWorkspace.ts";
import { stopForward } from "./stopForward.ts";

/** The commands of forwards. */
export function forwardCommands(forwards: ForwardService, box: ForwardBox): Commands {
  return {
    "sshSessions.forwardPort": forwardPort(forwards, box),
    "sshSessions.stopForward": stopForward(forwards),
    "sshSessions.removeForward": removeForward(forwards),
    "sshSessions.restartForward": restartForward(forwards),
    "sshSessions.copyForwardAddress": copyForwardAddress(forwards),
    "sshSessions.openForwardInBrowser": openForwardInBrowser(forwards),
    "sshSessions.saveForwardForHost": saveForwardForHost(forwards),
    "sshSessions.saveForwardInWorkspace": saveForwardInWorkspace(forwards),
  };
}
