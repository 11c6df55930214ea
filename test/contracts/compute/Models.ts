import { expect } from "chai";
import { encodeBytes32String, keccak256, ZeroHash } from "ethers";
import { coder } from "./conversation.ts";
import { deployEmptyMarket, MODEL, networkHelpers, Tier } from "./market.ts";

const { loadFixture } = networkHelpers;

describe("Models", () => {
  it("names a model by the hash of what defines it (MODEL-1)", async () => {
    const { models, provider } = await loadFixture(deployEmptyMarket);
    const type = "tuple(bytes32,bytes32,bytes32,bytes32,uint8)";
    const values = [MODEL.storageRoot, MODEL.contentHash, MODEL.format, MODEL.engine, MODEL.tiers];
    const modelId = keccak256(coder.encode([type], [values]));
    expect(await models.idOf(MODEL)).to.equal(modelId);
    await expect(models.connect(provider).publish(MODEL))
      .to.emit(models, "ModelPublished")
      .withArgs(modelId, provider.address, values);
    const [model, author] = await models.get(modelId);
    expect(author).to.equal(provider.address);
    expect([...model]).to.deep.equal([...values.slice(0, 4), 7n]);
  });

  it("takes a model once, whoever comes (MODEL-2)", async () => {
    const { models, provider, rival } = await loadFixture(deployEmptyMarket);
    await models.connect(provider).publish(MODEL);
    await expect(models.connect(rival).publish(MODEL))
      .to.be.revertedWithCustomError(models, "Models_AlreadyPublished")
      .withArgs(await models.idOf(MODEL));
  });

  it("refuses what names nothing (MODEL-3)", async () => {
    const { models } = await loadFixture(deployEmptyMarket);
    for (const field of ["storageRoot", "contentHash", "format", "engine"]) {
      await expect(models.publish({ ...MODEL, [field]: ZeroHash }))
        .to.be.revertedWithCustomError(models, "Models_Invalid")
        .withArgs(field);
    }
    for (const tiers of [0, 8, 255]) {
      await expect(models.publish({ ...MODEL, tiers }))
        .to.be.revertedWithCustomError(models, "Models_Invalid")
        .withArgs("tiers");
    }
  });

  it("allows the tiers whose bit is set, and none of an unknown model (MODEL-4)", async () => {
    const { models } = await loadFixture(deployEmptyMarket);
    const model = { ...MODEL, engine: encodeBytes32String("onnxruntime-node@1.30.0"), tiers: 0b101 };
    const modelId = await models.idOf(model);
    expect(await models.allows(modelId, Tier.Exact)).to.equal(false);
    await expect(models.get(modelId))
      .to.be.revertedWithCustomError(models, "Models_Unknown")
      .withArgs(modelId);
    await models.publish(model);
    expect(await models.allows(modelId, Tier.Exact)).to.equal(true);
    expect(await models.allows(modelId, Tier.Tolerance)).to.equal(false);
    expect(await models.allows(modelId, Tier.Text)).to.equal(true);
  });
});
