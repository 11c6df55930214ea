import { expect } from "chai";
import { createAddressRule, isLoopback, networkOf } from "../../../keepers/runtime/http/addresses.ts";

describe("guarded HTTP client", () => {
  it("counts an IPv4 address for itself, however it is written, and an IPv6 host by its /64", () => {
    expect(networkOf("::ffff:1.2.3.4")).equal(networkOf("1.2.3.4"));
    expect(networkOf("1.2.3.4")).not.equal(networkOf("1.2.3.5"));
    expect(networkOf("2a00:1:2:3::1")).equal(networkOf("2a00:1:2:3:ffff::9"));
    expect(networkOf("2a00:1:2:3::1")).not.equal(networkOf("2a00:1:2:4::1"));
    expect(networkOf("")).equal("");
  });

  describe("where it may go", () => {
    const refusedEverywhere = [
      "0.0.0.0",
      "0.1.2.3",
      "10.0.0.1",
      "10.255.255.255",
      "100.64.0.1",
      "100.127.255.255",
      "127.0.0.1",
      "127.1.2.3",
      "169.254.169.254",
      "172.16.0.1",
      "172.31.255.255",
      "192.0.0.1",
      "192.0.2.1",
      "192.88.99.1",
      "192.168.1.1",
      "198.18.0.1",
      "198.19.255.255",
      "198.51.100.1",
      "203.0.113.1",
      "224.0.0.1",
      "239.255.255.255",
      "240.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "::7f00:1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "::ffff:10.0.0.1",
      "0:0:0:0:0:ffff:a9fe:a9fe",
      "64:ff9b::127.0.0.1",
      "64:ff9b::a00:1",
      "64:ff9b:1::1",
      "100::1",
      "2001::1",
      "2001:db8::1",
      "2002:7f00:1::1",
      "3fff::1",
      "fc00::1",
      "fdff::1",
      "fe80::1",
      "fe80::1%eth0",
      "fec0::1",
      "ff02::1",
      "no address",
      "",
    ];
    const allowed = ["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.0.0.1"];
    allowed.push(
      "128.0.0.1",
      "172.15.0.1",
      "172.32.0.1",
      "192.167.0.1",
      "198.17.0.1",
      "198.20.0.1",
      "223.255.255.255",
    );
    allowed.push("2606:4700::1111", "2a00::1", "::ffff:8.8.8.8", "64:ff9b::808:808");

    for (const address of refusedEverywhere) {
      it(`not to ${address || "nothing"}`, () => expect(createAddressRule(false)(address)).equal(false));
    }
    for (const address of allowed) {
      it(`to ${address}`, () => expect(createAddressRule(false)(address)).equal(true));
    }

    it("to listed ranges besides, and to everything when told so", () => {
      const listed = createAddressRule(["10.1.0.0/16", "fd00::/8", "192.168.1.7"]);
      expect(listed("10.1.2.3")).equal(true);
      expect(listed("::ffff:10.1.2.3")).equal(true);
      expect(listed("10.2.0.0")).equal(false);
      expect(listed("fd12::1")).equal(true);
      expect(listed("fc12::1")).equal(false);
      expect(listed("192.168.1.7")).equal(true);
      expect(listed("192.168.1.8")).equal(false);
      expect(createAddressRule(true)("127.0.0.1")).equal(true);
      expect(createAddressRule(true)("nonsense")).equal(false);
    });

    it("refuses ranges it can't read", () => {
      for (const range of [
        "",
        "10.0.0.0/33",
        "10.0.0/8",
        "fd00::/129",
        "10.0.0.0/-1",
        "10.0.0.0/x",
        "host/8",
      ]) {
        expect(() => createAddressRule([range]), range).throw(/is no address range/);
      }
    });

    it("knows this machine", () => {
      for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1", "0:0::1", "::ffff:127.0.0.1"]) {
        expect(isLoopback(host), host).equal(true);
      }
      for (const host of ["0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "::2", ""]) {
        expect(isLoopback(host), host).equal(false);
      }
    });
  });
});
