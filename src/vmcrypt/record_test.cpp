#include "vmcrypt/record.h"

#include <gtest/gtest.h>

namespace vouchsafe::vmcrypt {
namespace {

constexpr std::string_view good =
    R"({"blob":"VlNLQg==","context":{"key_id":"000102030405060708090a0b0c0d0e0f","version":1,)"
    R"("vm":"3f2504e0-4f89-41d3-9a0c-0305e82c3301"},"provider":"gold","version":1})";

TEST(VmKeyRecord, ReadsAndWritesTheSameBytes) {
    const auto record = VmKeyRecord::parse(good);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->provider.text, "gold");
    EXPECT_EQ(as_text(record->blob), "VSKB");
    EXPECT_EQ(record->context.vm.text, "3f2504e0-4f89-41d3-9a0c-0305e82c3301");
    EXPECT_EQ(record->encode(), good);
}

struct Bad {
    std::string_view name, old_text, new_text, where;
};

TEST(VmKeyRecord, RefusesEveryOtherForm) {
    for (const Bad& bad : {
             Bad{"space", R"("version":1})", R"( "version":1})", "json.canonical"},
             Bad{"later version", R"("gold","version":1})", R"("gold","version":2})", "vm_record.version"},
             Bad{"no provider", R"("gold")", R"("")", "vm_record.provider"},
             Bad{"no blob", R"("VlNLQg==")", R"("")", "vm_record.blob"},
             Bad{"broken base64", R"("VlNLQg==")", R"("VlNLQ")", "vm_record.blob"},
             Bad{"unknown member", R"({"blob")", R"({"a":1,"blob")", "vm_record"},
         }) {
        std::string text(good);
        text.replace(text.find(bad.old_text), bad.old_text.size(), bad.new_text);
        const auto record = VmKeyRecord::parse(text);
        ASSERT_FALSE(record) << bad.name;
        EXPECT_EQ(record.error().where, bad.where) << bad.name;
    }
}

TEST(VmKeyRecord, RefusesAContextWithoutAVm) {
    std::string text(good);
    text.replace(text.find("3f2504e0"), 8, "not-uuid");
    EXPECT_FALSE(VmKeyRecord::parse(text));
    EXPECT_FALSE(VmKeyRecord::parse(std::string(max_record_bytes + 1, ' ')));
}

} // namespace
} // namespace vouchsafe::vmcrypt
