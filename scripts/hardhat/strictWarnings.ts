import type { HardhatPlugin } from "hardhat/types/plugins";

/**
 * hardhat-ignore-warnings marks a warning of ours as an error by its severity alone, while Hardhat looks at its type
 * too and would let it pass: this makes both agree, so that such a build fails. Name it after that plugin.
 */
export const strictWarnings: HardhatPlugin = {
  id: "strict-warnings",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        async invokeSolc(context, compiler, input, config, next) {
          const output = await next(context, compiler, input, config);
          for (const error of output.errors ?? []) {
            if (error.severity !== "error" || error.type !== "Warning") continue;
            error.type = "Error";
            error.formattedMessage = (error.formattedMessage ?? error.message).replace(/^Warning/, "Error");
          }
          return output;
        },
      }),
    }),
  },
};
