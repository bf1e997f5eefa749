// The published test cases: every response in them to an operation of ours is read, and what we ask in an
// operation has the fields of the published requests, in their order.
#include "kmip/operations.h"
#include "kmip/version.h"
#include "kmipforms/forms.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace vouchsafe::kmip {
namespace {

namespace fs = std::filesystem;

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

fs::path cases() {
    const char* const shared = std::getenv("VOUCHSAFE_SHARED"); // NOLINT(concurrency-mt-unsafe): one thread
    const fs::path beside = fs::path(VS_VECTORS).parent_path().parent_path().parent_path() / "shared";
    return (shared != nullptr ? fs::path(shared) : beside) / "kmip-vectors";
}

std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The messages of one file, which wraps them in one element that is none of KMIP's.
std::vector<Item> messages_of(const fs::path& path, std::string_view element) {
    const std::string text = content(path);
    const std::string begin = "<" + std::string(element) + ">";
    const std::string end = "</" + std::string(element) + ">";
    std::vector<Item> out;
    for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
        const std::size_t until = text.find(end, at) + end.size();
        const auto read = kmipforms::from_xml(text.substr(at, until - at),
                                              {.limits = {}, .placeholders = {}, .now = SysTime{}});
        if (read)
            out.push_back(*read);
        at = until;
    }
    return out;
}

/// Whether the payload reads as what the operation gives; nothing for operations that are not ours.
std::optional<Result<void>> read_any(Operation operation, const Item& payload) {
    const Item* const id = payload.find(Tag::unique_identifier);
    const auto* const text = id != nullptr ? id->as<std::string>() : nullptr;
    const KeyId asked{text != nullptr ? *text : ""};
    const auto voided = [](const auto& read) {
        return read ? Result<void>{} : std::unexpected(read.error());
    };
    switch (operation) {
    case Operation::create:
        return voided(read_create(payload));
    case Operation::register_object:
        return voided(read_register(payload));
    case Operation::get:
        if (payload.find(Tag::symmetric_key) == nullptr)
            return std::nullopt;
        return voided(read_get(payload, asked));
    case Operation::get_attributes:
        return voided(read_get_attributes(payload, asked));
    case Operation::get_attribute_list:
        return voided(read_get_attribute_list(payload, asked));
    case Operation::locate:
        return voided(read_locate(payload));
    case Operation::query:
        return voided(read_query(payload));
    case Operation::activate:
    case Operation::revoke:
    case Operation::destroy:
    case Operation::add_attribute:
        return read_identifier(payload, asked);
    case Operation::rekey:
    case Operation::check:
    case Operation::cancel:
    case Operation::poll:
    case Operation::discover_versions:
    case Operation::encrypt: // streams and modes of other kinds: below
    case Operation::decrypt:
    case Operation::set_attribute:
        break;
    }
    return std::nullopt;
}

class Oasis : public testing::Test {
protected:
    void SetUp() override {
        if (!fs::exists(cases()))
            GTEST_SKIP() << "no published cases in " << cases();
        for (const auto& entry : fs::recursive_directory_iterator(cases()))
            if (entry.path().extension() == ".xml")
                files_.push_back(entry.path());
    }

    std::vector<fs::path> files_;
};

TEST_F(Oasis, ResponsesAreRead) {
    std::map<Operation, int> seen;
    for (const fs::path& file : files_)
        for (const Item& message : messages_of(file, "ResponseMessage")) {
            const auto response = parse_response(ttlv::encode(message));
            ASSERT_TRUE(response) << file << response.error().detail;
            for (const ResponseItem& item : response->items) {
                if (item.status != ResultStatus::success || !item.operation)
                    continue;
                const auto read = read_any(*item.operation, item.payload);
                if (!read)
                    continue;
                EXPECT_TRUE(*read) << file << to_string(*item.operation) << read->error().detail;
                ++seen[*item.operation];
            }
        }
    for (const Operation operation : {Operation::create,
                                      Operation::register_object,
                                      Operation::get,
                                      Operation::get_attributes,
                                      Operation::get_attribute_list,
                                      Operation::locate,
                                      Operation::query,
                                      Operation::activate,
                                      Operation::revoke,
                                      Operation::destroy,
                                      Operation::add_attribute})
        EXPECT_GT(seen[operation], 2) << to_string(operation);
}

/// The first request of that operation in the case.
Item request_of(const fs::path& file, Operation operation) {
    for (const Item& message : messages_of(file, "RequestMessage"))
        for (const Item& item : *message.as<Structure>())
            if (const Item* const named = item.find(Tag::operation);
                named != nullptr &&
                *named == ttlv::enumeration(Tag::operation, std::to_underlying(operation)))
                return *item.find(Tag::request_payload);
    ADD_FAILURE() << file << " has no " << to_string(operation);
    return {};
}

Bytes bytes_of(const Item& payload, Tag tag) {
    return payload.find(tag)->as<ttlv::WipedBytes>()->view();
}

/// The case's request, with the algorithm in the parameters that we always say.
Structure with_algorithm(Item payload) {
    Structure fields = *payload.as<Structure>();
    for (Item& field : fields)
        if (field.tag == Tag::cryptographic_parameters)
            field = ttlv::structure(Tag::cryptographic_parameters,
                                    {field.as<Structure>()->at(0),
                                     ttlv::enumeration(Tag::cryptographic_algorithm, 3),
                                     field.as<Structure>()->at(1)});
    return fields;
}

TEST_F(Oasis, OurEncryptAndDecryptAreTheirs) {
    for (const char* const name : {"v1.4/CS-BC-M-GCM-1-14.xml", "v2.1/CS-BC-M-GCM-1-21.xml"}) {
        const fs::path file = cases() / name;
        const Item plain = request_of(file, Operation::encrypt);
        const AeadContext context{.key = {*plain.find(Tag::unique_identifier)->as<std::string>()},
                                  .nonce = bytes_of(plain, Tag::iv_counter_nonce),
                                  .additional_data = {}};
        EXPECT_EQ(encrypt(context, Secret(bytes_of(plain, Tag::data))).payload, with_algorithm(plain));
        const Item sealed = request_of(file, Operation::decrypt);
        EXPECT_EQ(
            decrypt(context, bytes_of(sealed, Tag::data), bytes_of(sealed, Tag::authenticated_encryption_tag))
                .payload,
            with_algorithm(sealed));
    }
}

} // namespace
} // namespace vouchsafe::kmip
