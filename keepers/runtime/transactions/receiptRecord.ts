import { type JsonRpcApiProvider, TransactionReceipt, type TransactionReceiptParams } from "ethers";

/** A receipt as plain data, so that a finished job is answered without asking the chain again. */
export function formatReceipt(receipt: TransactionReceipt): TransactionReceiptParams {
  return {
    to: receipt.to,
    from: receipt.from,
    contractAddress: receipt.contractAddress,
    hash: receipt.hash,
    index: receipt.index,
    blockHash: receipt.blockHash,
    blockNumber: receipt.blockNumber,
    logsBloom: receipt.logsBloom,
    logs: receipt.logs.map((log) => ({
      transactionHash: log.transactionHash,
      blockHash: log.blockHash,
      blockNumber: log.blockNumber,
      removed: log.removed,
      address: log.address,
      data: log.data,
      topics: [...log.topics],
      index: log.index,
      transactionIndex: log.transactionIndex,
    })),
    gasUsed: receipt.gasUsed,
    cumulativeGasUsed: receipt.cumulativeGasUsed,
    gasPrice: receipt.gasPrice,
    type: receipt.type,
    status: receipt.status,
    root: receipt.root,
  };
}

export function parseReceipt(
  params: TransactionReceiptParams,
  provider: JsonRpcApiProvider,
): TransactionReceipt {
  return new TransactionReceipt(params, provider);
}
