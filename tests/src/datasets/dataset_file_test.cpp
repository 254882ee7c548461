#include "src/datasets/dataset_file.hpp"

#include <zlib.h>

#include <filesystem>

#include "tests/src/input_error.hpp"
#include "tests/src/temporary_folder.hpp"
#include "tests/test.hpp"

using namespace jko;
using jko::test::input_error_of;
using jko::test::TemporaryFolder;

namespace {

Dataset read_text(const std::string& name, const std::string& text) {
  const TemporaryFolder folder;
  return read_dataset(folder.file(name, text));
}

/// What is said of a file with this text, without the folder.
std::string dataset_complaint(const std::string& name, const std::string& text) {
  const TemporaryFolder folder;
  const std::string file = folder.file(name, text);
  const std::string message = input_error_of([&] { read_dataset(file); });
  return message.empty() ? "" : message.substr(file.size() - name.size());
}

void write_compressed(const std::string& file, const std::string& text) {
  gzFile stream = gzopen(file.c_str(), "wb");
  gzwrite(stream, text.data(), static_cast<unsigned>(text.size()));
  gzclose(stream);
}

const Points kFeatures = (Points(3, 2) << 1.5, 0.0, -2.0, 1e-3, 0.0, 4.0).finished();
const Vector kLabels = Eigen::Vector3d(1.0, -1.0, 1.0);

}  // namespace

TEST_CASE("the same data set is read from each format") {
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"a.csv", "y,x0,x1\n1,1.5,0\n-1,-2,1e-3\n1,0,4\n"},
           {"a.csv", "\xEF\xBB\xBF\"x0\", \"y\" ,x1\r\n1.5,\"b\",0\r\n\r\n-2, a,0.001\r\n0,b,4"},
           {"a.libsvm", "+1 1:1.5\n# a comment\n-1 1:-2 2:1e-3  # another\n1.0 2:4 \n"},
           {"a.libsvm.binary.scale", "2\t1:1.5 2:0\n1 1:-2 2:.001\n2 2:4\n"},
           {"a.arff",
            "% comment\n@RELATION a\n\n@attribute 'x 0' NUMERIC\n@attribute x1 real\n@attribute class {yes, no}\n"
            "@DATA\n1.5,0,yes\n% another\n-2,1e-3,no\n0,4,'yes'\n"},
       }) {
    CAPTURE(name, text);
    const Dataset data = read_text(name, text);
    CHECK(data.name == "a");
    CHECK(data.x == kFeatures);
    CHECK(data.y == kLabels);
  }
}

TEST_CASE("a compressed data set is read like a plain one") {
  const TemporaryFolder folder;
  const std::string text = "y,x0,x1\n1,1.5,0\n-1,-2,1e-3\n1,0,4\n";
  write_compressed(folder.path("a.csv.gz"), text);
  CHECK(read_dataset(folder.path("a.csv.gz")).x == kFeatures);
  write_compressed(folder.path("a.libsvm.gz"), "+1 1:1.5\n-1 1:-2 2:1e-3\n+1 2:4\n");
  CHECK(read_dataset(folder.path("a.libsvm.gz")).y == kLabels);

  std::string bytes = folder.read("a.csv.gz");
  const auto complaint_of = [&](const std::string& broken) {
    const std::string file = folder.file("b.csv.gz", broken);
    const std::string message = input_error_of([&] { read_dataset(file); });
    return message.substr(message.find("b.csv.gz"));
  };
  CHECK(complaint_of(bytes.substr(0, bytes.size() - 12)) == "b.csv.gz:4: the compressed file is cut off here");
  bytes[bytes.size() - 6] ^= 1;  // of the checksum
  CHECK(complaint_of(bytes).find("the compressed file is damaged here") != std::string::npos);
}

TEST_CASE("a malformed data set is refused with its line") {
  CHECK(dataset_complaint("a.csv", "") == "a.csv: has no rows");
  CHECK(dataset_complaint("a.csv", "y,x0\n") == "a.csv: has no rows");
  CHECK(dataset_complaint("a.csv", "x0,x1\n") ==
        "a.csv:1: y: the header 'x0,x1' has no such column, expected one like 'y,x0,x1'");
  CHECK(dataset_complaint("a.csv", "y,x0,y\n") == "a.csv:1: y: the header has this column twice");
  CHECK(dataset_complaint("a.csv", "y\n1\n") == "a.csv:1: there is no feature besides the label");
  CHECK(dataset_complaint("a.csv", "y,x0\n1,2\n\n1\n") == "a.csv:4: expected 2 cells, found 1");
  CHECK(dataset_complaint("a.csv", "y,x0\n1,2,3\n") == "a.csv:2: expected 2 cells, found 3");
  CHECK(dataset_complaint("a.csv", "y,x0\n1,nan\n") == "a.csv:2: x0: expected a finite number, found 'nan'");
  CHECK(dataset_complaint("a.csv", "y,x0\n1,\n") == "a.csv:2: x0: expected a finite number, found ''");
  CHECK(dataset_complaint("a.csv", "y,x0\n,1\n") == "a.csv:2: the label is empty");
  CHECK(dataset_complaint("a.csv", "y,x0\n1,1\n2,1\n3,1\n") ==
        "a.csv:4: '3' is a third label after '1' and '2', expected two");
  CHECK(dataset_complaint("a.csv", "y,x0\n1,1\n+1,1\n1.0,2\n") == "a.csv: has one label only, expected two");
  CHECK(dataset_complaint("a.csv", "y,x0\n1," + std::string(1 << 20, '1') + "\n") ==
        "a.csv:2: the line is longer than 1 MiB");
  CHECK(dataset_complaint("a.csv", "y" + std::string(10'001, ',') + "\n") ==
        "a.csv:1: has 10001 features, more than 10000");
  CHECK(dataset_complaint("a.csv", std::string("y,x0\n1,2\0003\n", 11)).find("a.csv:2: x0: expected a finite number") ==
        0);

  CHECK(dataset_complaint("a.libsvm", "1 0:2\n") == "a.libsvm:1: index 0 is not from 1 to 10000");
  CHECK(dataset_complaint("a.libsvm", "1 10001:2\n") == "a.libsvm:1: index 10001 is not from 1 to 10000");
  CHECK(dataset_complaint("a.libsvm", "1 2:2 2:3\n") == "a.libsvm:1: index 2 comes after 2");
  CHECK(dataset_complaint("a.libsvm", "1 2:2\n-1 3\n") == "a.libsvm:2: expected index:value, found '3'");
  CHECK(dataset_complaint("a.libsvm", "1 qid:2 1:1\n") == "a.libsvm:1: expected index:value, found 'qid:2'");
  CHECK(dataset_complaint("a.libsvm", "1 2:inf\n") == "a.libsvm:1: expected index:value, found '2:inf'");
  CHECK(dataset_complaint("a.libsvm", "1:1 2:2\n") == "a.libsvm:1: expected a label first, found '1:1'");
  CHECK(dataset_complaint("a.libsvm", "1\n-1\n") == "a.libsvm: has no feature that is not 0");

  const std::string head = "@relation a\n@attribute x numeric\n@attribute y {a,b}\n";
  CHECK(dataset_complaint("a.arff", head + "@data\n{0 1}\n") ==
        "a.arff:5: sparse rows are not supported, expected plain ones");
  CHECK(dataset_complaint("a.arff", head + "@data\n?,a\n") == "a.arff:5: x: expected a finite number, found '?'");
  CHECK(dataset_complaint("a.arff", head + "1,a\n") ==
        "a.arff:4: expected @relation, @attribute or @data, found '1,a'");
  CHECK(dataset_complaint("a.arff", head + "@attribute z {c,d}\n") ==
        "a.arff:4: z: is nominal, and so is 'y': expected one such attribute, the label, and numbers");
  CHECK(dataset_complaint("a.arff", "@attribute z string\n") ==
        "a.arff:1: z: expected numeric, real, integer or {a,b}, found 'string'");
  CHECK(dataset_complaint("a.arff", "@attribute z\n") == "a.arff:1: expected '@attribute name type'");
  CHECK(dataset_complaint("a.arff", "@attribute x real\n@data\n") ==
        "a.arff:2: no attribute is nominal, {a,b}: there is no label");

  CHECK(dataset_complaint("a.txt", "") ==
        "a.txt: expected a name that ends in .csv, .arff or .libsvm, perhaps with .gz after it");
  CHECK(input_error_of([] { read_dataset("/nowhere/a.csv"); }) ==
        "/nowhere/a.csv: cannot be read: No such file or directory");
}

TEST_CASE("a data set that would fill the memory is refused while it is read") {
  // Few bytes, but each row has 10,000 features: 2^27 numbers are 13,422 rows.
  std::string text;
  for (int i = 0; i < 13'500; ++i) text += i % 2 ? "1 10000:1\n" : "2 1:1\n";
  CHECK(dataset_complaint("a.libsvm", text) == "a.libsvm:13422: more than 134217728 numbers");
}

TEST_CASE("a set is found by its name, or made") {
  const TemporaryFolder folder;
  folder.file("banana.arff", "");
  CHECK(find_dataset(folder.path(""), "banana") == folder.path("banana.arff"));
  folder.file("banana.csv.gz", "");
  CHECK(find_dataset(folder.path(""), "banana") == folder.path("banana.csv.gz"));
  folder.file("covtype.libsvm.binary.scale", "1 1:1\n2 1:2\n");
  CHECK(load_dataset(folder.path(""), "covtype", 1).rows() == 2);
  std::filesystem::create_directory(folder.path("image.csv"));
  CHECK(!find_dataset(folder.path(""), "image"));

  CHECK(load_dataset(folder.path(""), "ringnorm", 1).rows() == 7400);
  CHECK(load_dataset("", "waveform", 1).rows() == 5000);
  CHECK(input_error_of([] { load_dataset("", "german", 1); }) ==
        "german: no folder of data is given to find this set in");
  CHECK(input_error_of([&] { load_dataset("/nowhere", "german", 1); }) ==
        "/nowhere: has no file 'german.csv', 'german.libsvm' or 'german.arff', perhaps with .gz after it");
}

TEST_CASE("the benchmark's files are read as their manifest says") {
  const std::string folder = JKO_SOURCE_DIR "/../shared/data/classification";
  if (!std::filesystem::is_directory(folder)) {
    WARN("skipped: no data sets beside the repository, in ../shared/data/classification");
    return;
  }
  for (const auto& [name, features, negative, positive] :
       {std::tuple<const char*, Index, Index, Index>{"banana", 2, 2924, 2376},
        {"german", 20, 700, 300},
        {"image", 18, 990, 1320},
        {"splice", 60, 1648, 1527},
        {"waveform", 21, 3353, 1647},
        {"twonorm", 20, 3697, 3703},
        {"diabetis", 8, 500, 268}}) {
    CAPTURE(name);
    const Dataset data = load_dataset(folder, name, 1);
    CHECK(data.features() == features);
    CHECK((data.y.array() < 0.0).count() == negative);
    CHECK((data.y.array() > 0.0).count() == positive);
  }
}
