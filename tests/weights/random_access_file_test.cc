#include "kernels/weight_files/random_access_file.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <array>
#include <cstddef>
#include <utility>

#include "tests/weights/written_files.h"

namespace llmarch::weights_test {
namespace {

using testing::HasSubstr;

class AFileOnDisk : public WrittenFiles {};

std::string problem_of_opening(const std::filesystem::path& path) {
  return problem_of([&] { RandomAccessFile::open(path); });
}

TEST_F(AFileOnDisk, IsReadFromAnyPlace) {
  const RandomAccessFile file = RandomAccessFile::open(write("digits", "0123456789"));
  std::array<std::byte, 3> bytes{};
  file.read_at(4, bytes);
  EXPECT_EQ(file.size(), 10U);
  EXPECT_EQ(bytes, (std::array{std::byte{'4'}, std::byte{'5'}, std::byte{'6'}}));
}

TEST_F(AFileOnDisk, IsStillReadAfterItsHandleMoved) {
  RandomAccessFile first = RandomAccessFile::open(write("first", "1"));
  RandomAccessFile second = RandomAccessFile::open(write("second", "2"));
  first = std::move(second);
  const RandomAccessFile moved = std::move(first);
  std::array<std::byte, 1> byte{};
  moved.read_at(0, byte);
  EXPECT_EQ(byte[0], std::byte{'2'});
}

TEST_F(AFileOnDisk, IsClosedAgain) {
  const auto path = write("file", "x");
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit few{64, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(problem_of_opening(path), "");
    EXPECT_THAT(problem_of_opening(folder()), HasSubstr("is a folder"));
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST_F(AFileOnDisk, ThatIsMissingIsNamedWithTheSystemsReason) {
  try {
    RandomAccessFile::open(folder() / "none");
    FAIL() << "it opened";
  } catch (const FileError& error) {
    EXPECT_EQ(error.path(), folder() / "none");
    EXPECT_THAT(error.problem(), HasSubstr("cannot be opened: No such file"));
    EXPECT_EQ(error.what(), (folder() / "none").string() + ": " + error.problem());
  }
}

TEST_F(AFileOnDisk, ThatIsAFolderIsRefused) {
  EXPECT_THAT(problem_of_opening(folder()), HasSubstr("is a folder"));
}

TEST_F(AFileOnDisk, ThatIsAPipeIsRefusedWithoutWaitingForAWriter) {
  ASSERT_EQ(::mkfifo((folder() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(problem_of_opening(folder() / "pipe"), HasSubstr("is a pipe"));
}

TEST_F(AFileOnDisk, ThatIsADeviceIsRefused) {
  EXPECT_THAT(problem_of_opening("/dev/zero"), HasSubstr("is a device"));
}

TEST_F(AFileOnDisk, ThatWasTruncatedSinceItWasOpenedIsAnErrorAndNoCrash) {
  const auto path = write("file", "0123456789");
  const RandomAccessFile file = RandomAccessFile::open(path);
  std::filesystem::resize_file(path, 4);
  std::array<std::byte, 8> bytes{};
  EXPECT_THAT(problem_of([&] { file.read_at(2, bytes); }),
              HasSubstr("ends at byte 4, 6 bytes short"));
}

}  // namespace
}  // namespace llmarch::weights_test
