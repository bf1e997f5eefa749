#include "tests/support/command_run.h"
#include "tests/support/test_directory.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::cli {
namespace {

class InspectTtlv : public testing::Test {
protected:
    int run(std::vector<std::string> words) {
        words.insert(words.begin(), {"inspect", "ttlv"});
        const test::CommandRun ran = test::run_command(std::move(words));
        out = ran.out;
        err = ran.err;
        return ran.exit;
    }

    std::string file(std::string_view content) const {
        const std::string path = directory_.path() + "/message";
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }

    test::TestDirectory directory_;
    std::string out, err;
};

std::string vector_path(std::string_view name) {
    return std::string(VS_VECTORS) + "/kmipforms/" + std::string(name);
}

std::string vector_text(std::string_view name) {
    return std::string(as_text(test::read_vector("kmipforms/" + std::string(name))));
}

std::string without_line_ends(std::string text) {
    std::erase(text, '\n');
    return text;
}

struct Message {
    std::string_view hex, xml, json;
};

constexpr Message messages[] = {
    {"good-request-1-4.hex", "good-request-1-4.xml", "good-request-1-4.json"},
    {"good-every-type-2-1.hex", "good-every-type-2-1.xml", "good-every-type-2-1.json"},
};

TEST_F(InspectTtlv, GoesFromEveryFormToEveryForm) {
    for (const Message& message : messages)
        for (const std::string_view from : {message.hex, message.xml, message.json}) {
            const std::string form(from.substr(from.find('.') + 1));
            EXPECT_EQ(run({"--from", form, "--to", "hex", vector_path(from)}), 0) << from << err;
            EXPECT_EQ(without_line_ends(out), without_line_ends(vector_text(message.hex))) << from;
            EXPECT_EQ(run({"--from", form, "--to", "xml", vector_path(from)}), 0) << from << err;
            EXPECT_EQ(out, vector_text(message.xml)) << from;
            EXPECT_EQ(run({"--from", form, "--to", "json", vector_path(from)}), 0) << from << err;
            EXPECT_EQ(out, vector_text(message.json)) << from;
        }
}

TEST_F(InspectTtlv, ReadsBinaryAndShowsTextUnlessTold) {
    const Buffer message = *from_hex("4200780100000018"
                                     "4200a107000000096f70656e207365736100000000000000");
    const std::string path = file(as_text(message));
    EXPECT_EQ(run({path}), 0) << err;
    EXPECT_EQ(out, "Request Message (Structure)\n  Password (Text String) = <9 bytes>\n");
    EXPECT_EQ(run({"--show-secrets", path}), 0);
    EXPECT_EQ(out, "Request Message (Structure)\n  Password (Text String) = \"open sesa\"\n");
}

TEST_F(InspectTtlv, SaysWhereAMessageIsMalformed) {
    EXPECT_EQ(run({"--from", "hex", vector_path("bad-ttlv.value-boolean-two.hex")}), 2);
    EXPECT_NE(err.find("at byte 8"), std::string::npos) << err;
    EXPECT_EQ(run({"--from", "xml", vector_path("bad-form.tag-unknown.xml")}), 2);
    EXPECT_NE(err.find("at line 2"), std::string::npos) << err;
    EXPECT_EQ(run({"--from", "json", vector_path("bad-form.value-integer-null.json")}), 2);
    EXPECT_NE(err.find("at RequestMessage/BatchCount"), std::string::npos) << err;
    EXPECT_EQ(run({"--from", "xml", vector_path("bad-form.limit-depth.xml")}), 2);
    EXPECT_EQ(out, "");
    EXPECT_EQ(run({"/nonexistent/message"}), 3);
}

TEST_F(InspectTtlv, FillsPlaceholders) {
    const std::string path = file("<KeyMaterial type='ByteString' value='$KEY_MATERIAL_0'/>");
    EXPECT_EQ(run({"--from", "xml", "--to", "hex", path}), 2);
    EXPECT_NE(err.find("$KEY_MATERIAL_0"), std::string::npos) << err;
    for (const std::string name : {"KEY_MATERIAL_0", "$KEY_MATERIAL_0"}) {
        EXPECT_EQ(run({"--from", "xml", "--to", "hex", "--set", name + "=0102", path}), 0) << err;
        EXPECT_EQ(out, "42004308000000020102000000000000\n");
    }
    EXPECT_EQ(run({"--from", "xml", "--set", "KEY_MATERIAL_0", path}), 2);
    EXPECT_EQ(run({"--from", "xml", "--set", "=0102", path}), 2);
}

TEST_F(InspectTtlv, KnowsNow) {
    const std::string path = file("<TimeStamp type='DateTime' value='$NOW-60'/>");
    EXPECT_EQ(run({"--from", "xml", path}), 0) << err;
    EXPECT_EQ(run({"--from", "xml", "--set", "NOW=1970-01-01T00:01:00Z", path}), 0) << err;
    EXPECT_EQ(out, "Time Stamp (Date-Time) = 1970-01-01T00:00:00.000Z\n");
}

TEST_F(InspectTtlv, TakesSloppyPaddingOnlyWhenAskedTo) {
    const std::string path = vector_path("bad-ttlv.padding-not-zero.hex");
    EXPECT_EQ(run({"--from", "hex", path}), 2);
    EXPECT_EQ(run({"--from", "hex", "--lenient", path}), 0) << err;
    EXPECT_EQ(out, "Batch Count (Integer) = 1\n");
}

TEST_F(InspectTtlv, NotesWhatTheVersionDoesNotHave) {
    EXPECT_EQ(run({"--from", "hex", vector_path("good-every-type-2-1.hex")}), 0);
    EXPECT_NE(err.find("no tag of KMIP"), std::string::npos) << err;
    EXPECT_EQ(run({"--from", "hex", vector_path("good-request-1-4.hex")}), 0);
    EXPECT_EQ(err, "");
}

TEST_F(InspectTtlv, SaysWhatIsNoMessage) {
    EXPECT_EQ(run({"--from", "xml", file("<BatchCounts type='Integer' value='1'/>")}), 2);
    EXPECT_NE(err.find("no tag of KMIP: BatchCounts, at line 1"), std::string::npos) << err;
    EXPECT_EQ(run({"--from", "xml", file("<KMIP><RequestMessage/><ResponseMessage/></KMIP>")}), 2);
    EXPECT_NE(err.find("put one RequestMessage or ResponseMessage into a file"), std::string::npos) << err;
}

TEST_F(InspectTtlv, KnowsItsForms) {
    EXPECT_EQ(run({"--from", "text", "/dev/null"}), 2);
    EXPECT_EQ(run({"--to", "binary", "/dev/null"}), 2);
    EXPECT_EQ(run({}), 2);
    EXPECT_EQ(run({"/dev/null"}), 2);
}

} // namespace
} // namespace vouchsafe::cli
