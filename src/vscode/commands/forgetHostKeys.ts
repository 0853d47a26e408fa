import { t } from "../../base/localize.ts";
import { forgetHostKeysQuestion, forgottenText } from "../../text/hostKeysText.ts";
import { forgetHostKeys as forget, hostKeyRecords } from "../../trust/hostKeyRecords.ts";
import { inform, showMessage } from "../messages/messages.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./commandContext.ts";
import { aHost } from "./hostFinders.ts";

/** Removes a host's keys from known_hosts, after a question. An open connection stays. */
export const forgetHostKeys = command(
  aHost(() => t("Forget Host Keys")),
  async (context, host) => {
    try {
      await ask(context, host);
    } catch (error) {
      await context.presenter.present(error, host);
    }
  },
);

async function ask({ resolver, knownHosts, home }: CommandContext, host: string): Promise<void> {
  const config = await resolver.resolve(host);
  const records = (await hostKeyRecords(config, knownHosts)).filter(
    ({ file, marker }) => marker === "none" && config.userKnownHostsFiles.includes(file),
  );
  if (records.length > 0) {
    const question = forgetHostKeysQuestion(host, records);
    const { message, detail, forget: yes } = question;
    if ((await showMessage("warning", message, { modal: true, detail }, yes)) !== yes) {
      return;
    }
  }
  inform(forgottenText(host, await forget(config, knownHosts), home));
}
