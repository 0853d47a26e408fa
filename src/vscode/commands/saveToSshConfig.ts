import { join } from "node:path";
import { t } from "../../base/localize.ts";
import { blockConflicts, hostBlock, isBlockName } from "../../config/hostBlock.ts";
import { hostNames } from "../../config/hostSpec.ts";
import { saveHostBlock } from "../../config/saveHost.ts";
import {
  hostNameTaken,
  hostSaved,
  hostUnwritable,
  invalidHostName,
  saveHostDetail,
  saveHostNamePrompt,
  saveHostQuestion,
  saveHostTitle,
} from "../../text/saveHostText.ts";
import { expandHome } from "../../text/valueSourceText.ts";
import { openFileAt } from "../documents/openFile.ts";
import { askLine, showMessage } from "../messages/messages.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { aTypedHost } from "./hostFinders.ts";

/** Adds a Host block for a typed host to the end of the ssh_config file, after showing it. */
export const saveToSshConfig = command(aTypedHost(saveHostTitle), saveOrSayWhyNot);

async function saveOrSayWhyNot(context: CommandContext, host: string): Promise<void> {
  try {
    await save(context, host);
  } catch (error) {
    await context.presenter.present(error, host, () => saveOrSayWhyNot(context, host));
  }
}

async function save({ resolver, settings, recent, home }: CommandContext, host: string): Promise<void> {
  const [config, { hosts }] = await Promise.all([resolver.resolve(host), resolver.hosts()]);
  const listed = new Set(hosts.map(({ alias }) => alias));
  const name = await askName(hostNames(host).alias, listed);
  if (name === undefined) {
    return;
  }
  const now = await resolver.resolve(name);
  const block = hostBlock(name, config, now);
  if (block.kind === "unwritable") {
    void showMessage("error", hostUnwritable(host, block.keyword, block.value));
    return;
  }
  const file =
    settings.configFile === "" ? join(home, ".ssh", "config") : expandHome(settings.configFile, home);
  const append = t("Append");
  const answer = await showMessage(
    "information",
    saveHostQuestion(file, home),
    {
      modal: true,
      detail: saveHostDetail(block.lines, blockConflicts(block.lines, now), home),
    },
    append,
  );
  if (answer !== append) {
    return;
  }
  const line = await saveHostBlock(file, block.lines, home);
  await recent.forget(host);
  const show = t("Open File");
  void showMessage("information", hostSaved(name), {}, show).then(async (chosen) => {
    if (chosen === show) {
      await openFileAt(file, line);
    }
  });
}

async function askName(alias: string, listed: ReadonlySet<string>): Promise<string | undefined> {
  const name = await askLine({
    title: saveHostTitle(),
    prompt: saveHostNamePrompt(),
    value: alias,
    complaint: (value) => {
      const typed = value.trim();
      return !isBlockName(typed) ? invalidHostName() : listed.has(typed) ? hostNameTaken(typed) : undefined;
    },
  });
  return name?.trim();
}
