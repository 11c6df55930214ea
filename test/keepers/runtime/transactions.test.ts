import { expect } from "chai";
import { hexlify, Interface, type JsonRpcProvider } from "ethers";
import fc from "fast-check";
import { broadcast } from "../../../keepers/runtime/transactions/broadcast.ts";
import { raiseFees } from "../../../keepers/runtime/transactions/fees.ts";
import { decodeRevert, revertDataOf } from "../../../keepers/runtime/transactions/reverts.ts";

describe("fees of a replacement", () => {
  const fee = fc.bigInt({ min: 0n, max: 10n ** 12n });
  const fees = fc
    .tuple(fee, fee)
    .map(([tip, rest]) => ({ maxFeePerGas: tip + rest, maxPriorityFeePerGas: tip }));

  it("are at least an eighth more on both, no less than suggested, within the cap; or none", () => {
    fc.assert(
      fc.property(fees, fees, fee, (current, suggested, cap) => {
        const raised = raiseFees(current, suggested, cap);
        if (raised === undefined) {
          const least = current.maxFeePerGas + current.maxFeePerGas / 8n;
          const tip = current.maxPriorityFeePerGas + current.maxPriorityFeePerGas / 8n;
          expect(least >= cap || tip >= cap || suggested.maxPriorityFeePerGas > cap).to.equal(true);
          return;
        }
        for (const part of ["maxFeePerGas", "maxPriorityFeePerGas"] as const) {
          expect(raised[part] * 8n >= current[part] * 9n && raised[part] > current[part]).to.equal(true);
          expect(raised[part] <= cap).to.equal(true);
        }
        expect(raised.maxPriorityFeePerGas <= raised.maxFeePerGas).to.equal(true);
        expect(raised.maxPriorityFeePerGas >= suggested.maxPriorityFeePerGas).to.equal(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("what nodes say to a transaction", () => {
  const sayings = {
    pooled: [
      "already known",
      "transaction already imported",
      "AlreadyKnown",
      "known transaction: 0x12",
      "ALREADY_EXISTS: already known",
    ],
    "nonce-used": [
      "nonce too low",
      "nonce too low: address 0xA, tx: 1 state: 2",
      "OldNonce, Current nonce: 5, nonce of rejected tx: 4",
      "Nonce too low. Expected nonce to be 2 but got 1. Note that transactions can't be queued when automining.",
    ],
    underpriced: [
      "replacement transaction underpriced",
      "transaction underpriced",
      "max fee per gas less than block base fee",
      "FeeTooLow, MaxFeePerGas too low",
      "replacement fee too low",
    ],
    refused: [
      "insufficient funds for gas * price + value",
      "intrinsic gas too low",
      "exceeds block gas limit",
      "unknown transaction type",
      "Nonce too high. Expected nonce to be 1 but got 5. Note that transactions can't be queued when automining.",
      "",
    ],
  };

  for (const [outcome, messages] of Object.entries(sayings)) {
    for (const message of messages) {
      it(`"${message}" is ${outcome}`, async () => {
        const send = async () => {
          throw Object.assign(new Error("could not coalesce error"), { error: { code: -32000, message } });
        };
        const said = await broadcast({ send } as unknown as JsonRpcProvider, "0x02");
        expect(said.outcome).to.equal(outcome);
      });
    }
  }
});

describe("revert data", () => {
  const known = new Interface(["error Ledger_Short(uint256 has, uint256 needs)"]);
  const twin = new Interface(["error Ledger_Short(uint256 has, uint256 needs)", "error Other(string what)"]);

  it("is named by the interface that knows it", () => {
    const data = known.encodeErrorResult("Ledger_Short", [1n, 2n]);
    expect(decodeRevert(data, [twin, known]).text).to.equal("Ledger_Short(1, 2)");
    expect(decodeRevert(twin.encodeErrorResult("Other", ["x"]), [known, twin]).args).to.deep.equal(["x"]);
    expect(decodeRevert(data, []).name).to.equal(undefined);
  });

  it("is named when Solidity itself made it", () => {
    const message = `0x08c379a0${"20".padStart(64, "0")}${"2".padStart(64, "0")}${"6e6f".padEnd(64, "0")}`;
    expect(decodeRevert(message, []).text).to.equal("Error(no)");
    expect(decodeRevert(`0x4e487b71${"11".padStart(64, "0")}`, [known]).text).to.equal("Panic(17)");
    expect(decodeRevert("0x", [known]).text).to.equal("no reason");
  });

  it("never breaks the decoder, whatever a contract returns", () => {
    const selector = fc.constantFrom(
      "0x08c379a0",
      "0x4e487b71",
      known.getError("Ledger_Short")?.selector ?? "",
    );
    const data = fc
      .tuple(selector, fc.uint8Array({ maxLength: 200 }))
      .map(([head, tail]) => head + hexlify(tail).slice(2));
    fc.assert(
      fc.property(
        fc.oneof(
          data,
          fc.uint8Array().map((all) => hexlify(all)),
        ),
        (returned) => {
          const { text, data: kept } = decodeRevert(returned, [known]);
          expect(text).not.to.equal("");
          expect(kept).to.equal(returned);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is told from trouble of the node", () => {
    const failed = (message: string, data: string | null) =>
      Object.assign(new Error("call failed"), { code: "CALL_EXCEPTION", data, info: { error: { message } } });
    expect(revertDataOf(failed("execution reverted", "0x1234"))).to.equal("0x1234");
    expect(revertDataOf(failed("execution reverted", null))).to.equal("0x");
    expect(revertDataOf(failed("out of gas", null))).to.equal("0x");
    for (const trouble of ["header not found", "missing trie node", "rate limit exceeded"]) {
      expect(revertDataOf(failed(trouble, null))).to.equal(undefined);
    }
    expect(revertDataOf(new Error("ECONNREFUSED"))).to.equal(undefined);
  });
});
