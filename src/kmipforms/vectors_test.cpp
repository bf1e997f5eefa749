// Messages in files: our own, always; and the published test cases where there are any (see corpus()).
#include "kmipforms/forms.h"
#include "kmipforms/remarks.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

namespace vouchsafe::kmipforms {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    VS_CHECK(file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> files(const fs::path& folder, std::string_view start, std::string_view ending) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_regular_file() && name.starts_with(start) && name.ends_with(ending))
            found.push_back(entry.path());
    }
    std::ranges::sort(found);
    return found;
}

fs::path own() {
    return fs::path(VS_VECTORS) / "kmipforms";
}

Result<ttlv::Item> read(const fs::path& path) {
    const std::string text = read_text(path);
    if (path.extension() == ".xml")
        return from_xml(text, {});
    if (path.extension() == ".json")
        return from_json(text, {});
    VS_TRY(const Buffer bytes, from_hex_text(text));
    return ttlv::parse(bytes);
}

TEST(GoodVectors, AreOneMessageInEveryForm) {
    const auto hex_files = files(own(), "good-", ".hex");
    EXPECT_GE(hex_files.size(), 2U);
    for (fs::path path : hex_files) {
        SCOPED_TRACE(path.filename());
        const auto message = read(path);
        ASSERT_TRUE(message) << message.error().detail;
        const std::string xml = read_text(path.replace_extension(".xml"));
        EXPECT_EQ(from_xml(xml, {}), message);
        EXPECT_EQ(to_xml(*message), xml);
        const std::string json = read_text(path.replace_extension(".json"));
        EXPECT_EQ(from_json(json, {}), message);
        EXPECT_EQ(to_json(*message), json);
    }
}

/// bad-WHERE-DEFECT.FORM
std::string where_of(const fs::path& path) {
    const std::string name = path.filename().string();
    const std::size_t start = std::string_view("bad-").size();
    return name.substr(start, name.find('-', start) - start);
}

TEST(BadVectors, AreRefusedWhereTheirNamesSay) {
    const auto bad = files(own(), "bad-", "");
    EXPECT_GE(bad.size(), 90U);
    for (const fs::path& path : bad) {
        SCOPED_TRACE(path.filename());
        const auto message = read(path);
        ASSERT_FALSE(message);
        EXPECT_EQ(message.error().where, where_of(path)) << message.error().detail;
        const bool limit = where_of(path).ends_with(".limit");
        EXPECT_EQ(message.error().code, limit ? Errc::too_large : Errc::malformed);
    }
}

/// The OASIS cases: under VOUCHSAFE_SHARED, or under "shared" beside the project.
fs::path corpus() {
    const char* const shared = std::getenv("VOUCHSAFE_SHARED"); // NOLINT(concurrency-mt-unsafe): one thread
    const fs::path beside = fs::path(VS_VECTORS).parent_path().parent_path().parent_path() / "shared";
    return (shared != nullptr ? fs::path(shared) : beside) / "kmip-vectors";
}

/// The messages of a file of requests and responses in turn.
std::vector<std::string> messages_of(std::string_view text) {
    std::vector<std::string> found;
    while (true) {
        const std::size_t request = text.find("<RequestMessage");
        const std::size_t start = std::min(request, text.find("<ResponseMessage"));
        if (start == std::string_view::npos)
            return found;
        const std::string_view end = start == request ? "</RequestMessage>" : "</ResponseMessage>";
        const std::size_t stop = text.find(end, start) + end.size();
        found.emplace_back(text.substr(start, stop - start));
        text.remove_prefix(stop);
    }
}

// Any text and any bytes will do for what a server would have made.
Reading filled(std::string_view message) {
    Reading reading;
    reading.placeholders["NOW"] = "2024-02-29T12:00:00+01:00";
    for (std::size_t at = message.find('$'); at != std::string_view::npos; at = message.find('$', at + 1)) {
        const std::size_t end = message.find_first_of("+-\"", at);
        reading.placeholders.emplace(message.substr(at + 1, end - at - 1),
                                     "00112233445566778899aabbccddeeff");
    }
    return reading;
}

void goes_through_every_form(const ttlv::Item& message) {
    const Buffer bytes = ttlv::encode(message);
    EXPECT_EQ(ttlv::parse(bytes), message);
    const auto xml = to_xml(message);
    ASSERT_TRUE(xml);
    EXPECT_EQ(from_xml(*xml, {}), message);
    EXPECT_EQ(to_xml(*from_xml(*xml, {})), *xml);
    EXPECT_EQ(from_json(to_json(message), {}), message);
    EXPECT_EQ(from_hex_text(to_hex(bytes)), bytes);
    EXPECT_FALSE(ttlv::describe(message, ttlv::Secrets::shown).empty());
}

TEST(OasisCases, GoThroughEveryFormWithoutLoss) {
    if (!fs::is_directory(corpus()))
        GTEST_SKIP() << "skipped: no corpus";
    std::size_t count = 0;
    for (const fs::path& path : files(corpus(), "", ".xml"))
        for (const std::string& text : messages_of(read_text(path))) {
            SCOPED_TRACE(path.filename().string() + ", message " + std::to_string(++count));
            const auto message = from_xml(text, filled(text));
            ASSERT_TRUE(message) << message.error().where << ": " << message.error().detail;
            goes_through_every_form(*message);
        }
    EXPECT_GT(count, 0U);
    RecordProperty("messages", std::to_string(count));
}

// So the tables of tags, types, values and versions are held against what the committee published.
TEST(OasisCases, AreAsTheTablesSay) {
    if (!fs::is_directory(corpus()))
        GTEST_SKIP() << "skipped: no corpus";
    std::map<std::string, std::string> odd;
    for (const fs::path& path : files(corpus(), "", ".xml"))
        for (const std::string& text : messages_of(read_text(path)))
            if (const auto message = from_xml(text, filled(text)))
                for (const std::string& remark : remarks(*message))
                    odd.emplace(remark, path.filename().string());
    for (const auto& [remark, file] : odd)
        ADD_FAILURE() << file << ": " << remark;
}

} // namespace
} // namespace vouchsafe::kmipforms
