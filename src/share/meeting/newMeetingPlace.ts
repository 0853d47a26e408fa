import { FolderPlace } from "./folderPlace.ts";
import type { MeetingPlace } from "./meetingPlace.ts";
import { PipePlace, type PipePlaceInit } from "./pipePlace.ts";

/** Where the windows of this user on this computer meet. @param init `folder` replaces the user's own */
export function newMeetingPlace(
  init: Omit<PipePlaceInit, "pipePath">,
  platform: NodeJS.Platform = process.platform,
): MeetingPlace {
  return platform === "win32" ? new PipePlace(init) : new FolderPlace(init);
}
