// Native Leopard, told what to do over standard input: `leopardProcess <k> <rowSize>`, n = k. A letter starts one run:
// e encodes, p decodes from parity alone, h decodes with every other original lost. Each is answered with "done".
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "leopard.h"

namespace {

using Rows = std::vector<void*>;

Rows makeRows(unsigned count, size_t bytes) {
  uint8_t* room = static_cast<uint8_t*>(std::aligned_alloc(64, count * bytes));
  Rows rows(count);
  for (unsigned i = 0; i < count; i++) rows[i] = room + i * bytes;
  return rows;
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "leopardProcess: %s\n", what);
  std::exit(1);
}

struct Bench {
  unsigned k;
  size_t bytes;
  Rows data, coded, decoded;

  Bench(unsigned k, size_t bytes)
      : k(k),
        bytes(bytes),
        data(makeRows(k, bytes)),
        coded(makeRows(leo_encode_work_count(k, k), bytes)),
        decoded(makeRows(leo_decode_work_count(k, k), bytes)) {
    uint64_t state = 1;
    for (size_t i = 0; i < k * bytes; i++) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      static_cast<uint8_t*>(data[0])[i] = static_cast<uint8_t>(state >> 56);
    }
  }

  void encode() {
    require(leo_encode(bytes, k, k, static_cast<unsigned>(coded.size()), data.data(), coded.data()) == Leopard_Success,
            "encoding failed");
  }

  // Loses originals 0, step, 2 * step ... All parity is there: some versions bring lost parity back as well, which takes longer.
  void decode(unsigned step) {
    Rows originals(data), parity(coded.begin(), coded.begin() + k);
    for (unsigned i = 0; i < k; i += step) originals[i] = nullptr;
    require(leo_decode(bytes, k, k, static_cast<unsigned>(decoded.size()), originals.data(), parity.data(),
                       decoded.data()) == Leopard_Success,
            "decoding failed");
  }

  void check(unsigned step) {
    decode(step);
    for (unsigned i = 0; i < k; i += step)
      require(std::memcmp(decoded[i], data[i], bytes) == 0, "what was decoded is not what was lost");
  }
};

}  // namespace

int main(int count, char** words) {
  require(count == 3, "leopardProcess <k> <rowSize>");
  require(leo_init() == 0, "Leopard doesn't start");
  Bench bench(static_cast<unsigned>(std::atoi(words[1])), static_cast<size_t>(std::atoi(words[2])));
  bench.encode();
  bench.check(1);
  bench.check(2);
  std::puts("ready");
  std::fflush(stdout);
  for (int letter = std::getchar(); letter != EOF; letter = std::getchar()) {
    if (letter == 'e') bench.encode();
    if (letter == 'p') bench.decode(1);
    if (letter == 'h') bench.decode(2);
    std::puts("done");
    std::fflush(stdout);
  }
  return 0;
}
