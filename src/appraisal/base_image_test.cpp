#include "appraisal/base_image.h"
#include "json/parse.h"
#include "json/write.h"
#include "tests/support/appraisal_fixture.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::appraisal {
namespace {

const Reference* with_role(const BaseImage& image, Role role) {
    const auto found = std::ranges::find(image.references, std::optional(role), &Reference::role);
    return found != image.references.end() ? &*found : nullptr;
}

TEST(Derive, FindsThePiecesOfAUnifiedKernelImage) {
    const BaseImage image = image_of("uki", "1");
    for (const Role role : {Role::kernel, Role::initrd, Role::command_line}) {
        ASSERT_NE(with_role(image, role), nullptr);
        EXPECT_EQ(with_role(image, role)->pcr, 11U);
    }
    EXPECT_EQ(to_hex(with_role(image, Role::initrd)->digests.at(Algorithm::sha256)).substr(0, 16),
              "3cdd039036c53e30");
    EXPECT_EQ(with_role(image, Role::command_line)->description,
              "console=ttyS0 ima_policy=tcb ima_hash=sha256 panic=-1 quiet");
    const auto in_pcr = [&image](std::uint32_t pcr) {
        return std::ranges::count(image.references, pcr, &Reference::pcr);
    };
    EXPECT_EQ(in_pcr(4), 1);
    EXPECT_EQ(in_pcr(7), 6);
    EXPECT_EQ(in_pcr(9), 2);
    EXPECT_EQ(in_pcr(11), 8);
}

TEST(Derive, FindsThePiecesOfAGrubBoot) {
    const BaseImage image = image_of("grub", "1");
    EXPECT_EQ(with_role(image, Role::kernel)->pcr, 9U);
    EXPECT_EQ(with_role(image, Role::kernel)->description, "/vmlinuz");
    EXPECT_EQ(with_role(image, Role::initrd)->description, "/initrd.img");
    EXPECT_EQ(with_role(image, Role::command_line)->pcr, 8U);
    EXPECT_EQ(with_role(image, Role::command_line)->description,
              "/vmlinuz console=ttyS0 ima_policy=tcb ima_hash=sha256 panic=-1 quiet");
}

TEST(Derive, TakesEveryBankThatTheBootHas) {
    const BaseImage image = image_of("uki-cmdline", "1");
    EXPECT_EQ(image.references.front().digests.size(), 3U);
}

/// Facts that nothing is wrong with.
ImageFacts plain_facts() {
    return {.version = {"1"},
            .display_name = "",
            .vendor = "",
            .not_before = {},
            .not_after = {},
            .host_groups = {},
            .command_line = {}};
}

struct Refusal {
    const char* boot;
    std::function<void(QuotedPcrs&, ImageFacts&)> change;
    const char* where;
};

TEST(Derive, RefusesBootsThatProveNothing) {
    const Refusal rows[] = {
        {"direct", [](auto&, auto&) {}, "boot.no_kernel"},
        {"uki-sb-off", [](auto&, auto&) {}, "secure_boot.off"},
        {"uki", [](auto& quoted, auto&) { quoted.banks.clear(); }, "policy.bank"},
        {"uki",
         [](auto& quoted, auto&) { quoted.banks.begin()->second.at(4).front() ^= 1U; },
         "eventlog.replay"},
        {"uki", [](auto& quoted, auto&) { quoted.banks.begin()->second.erase(7); }, "policy.pcrs"},
        {"uki", [](auto&, auto& facts) { facts.version.text = ""; }, "base_image.version"},
        {"uki", [](auto&, auto& facts) { facts.userspace = Userspace::ima; }, "base_image.userspace"},
    };
    for (const Refusal& row : rows) {
        const auto boot = test::load_boot(row.boot);
        const auto log = eventlog::parse_firmware_log(boot.firmware_log);
        QuotedPcrs quoted = quoted_of(boot);
        ImageFacts facts = plain_facts();
        row.change(quoted, facts);
        const auto image = derive(*log, quoted, facts);
        ASSERT_FALSE(image) << row.where;
        EXPECT_EQ(image.error().where, row.where);
    }
}

TEST(Derive, RefusesABootOutsideTheGrammar) {
    const auto where = [](bool with_separator) {
        Scene scene("uki");
        test::EditableLog edited = scene.log();
        if (!with_separator)
            std::erase_if(edited.events, [](const auto& event) {
                return event.pcr == 2 && event.type == eventlog::type::separator;
            });
        scene.reboot(edited);
        const auto log = eventlog::parse_firmware_log(scene.boot.firmware_log);
        const auto image = derive(*log, scene.quoted, plain_facts());
        return image ? "derived" : image.error().where;
    };
    EXPECT_EQ(where(true), "derived");
    EXPECT_EQ(where(false), "eventlog.grammar");
}

TEST(Derive, DoesNotWriteDownACommandLineThatWasNotMeasured) {
    const auto boot = test::load_boot("uki");
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    const auto image = derive(*log,
                              quoted_of(boot),
                              {.version = {"1"},
                               .display_name = "",
                               .vendor = "",
                               .not_before = {},
                               .not_after = {},
                               .host_groups = {},
                               .command_line = "something else"});
    ASSERT_TRUE(image);
    EXPECT_EQ(with_role(*image, Role::command_line)->description, ".cmdline");
}

// --- the document ---------------------------------------------------------------------------------

TEST(BaseImageDocument, GoesBothWays) {
    BaseImage image = image_of("grub", "12.4+b1");
    image.not_before = noon;
    image.not_after = noon + std::chrono::hours{24};
    image.host_groups = {"blue"};
    const Buffer document = encode(image);
    const auto back = parse_base_image(document);
    ASSERT_TRUE(back) << back.error().where;
    EXPECT_EQ(*back, image);
    EXPECT_EQ(encode(*back), document);
    EXPECT_EQ(image_digest(image).size(), 64U);
    EXPECT_TRUE(as_text(document).starts_with(
        R"({"dm_verity":null,"format":"vouchsafe-base-image","ima":null,"image":{"display_name":)"));
}

struct BadImage {
    const char* where;
    std::function<void(BaseImage&)> change;
};

Reference& role_reference(BaseImage& image, Role role) {
    return *std::ranges::find(image.references, std::optional(role), &Reference::role);
}

Reference& variable_reference(BaseImage& image) {
    return *std::ranges::find_if(image.references, [](const Reference& one) { return one.data.has_value(); });
}

TEST(Derive, KeepsTheVariablesOfSecureBoot) {
    const BaseImage image = image_of("uki", "1");
    std::vector<std::string> kept;
    for (const Reference& one : image.references)
        if (one.data) {
            EXPECT_EQ(hash(Algorithm::sha256, *one.data), one.digests.at(Algorithm::sha256));
            kept.push_back(one.description.substr(0, one.description.find(' ')));
        }
    EXPECT_EQ(kept, (std::vector<std::string>{"SecureBoot", "PK", "KEK", "db", "dbx"}));
}

TEST(BaseImageDocument, RefusesBadImagesByTheirDefect) {
    const BadImage rows[] = {
        {"base_image.version", [](BaseImage& i) { i.version.text = "a/b"; }},
        {"base_image.version", [](BaseImage& i) { i.version.text = std::string(65, 'a'); }},
        {"base_image.name", [](BaseImage& i) { i.vendor = "bell\a"; }},
        {"base_image.host_groups", [](BaseImage& i) { i.host_groups = {""}; }},
        {"base_image.dates", [](BaseImage& i) { i.not_before = i.not_after = noon; }},
        {"base_image.userspace", [](BaseImage& i) { i.userspace = Userspace::dm_verity; }},
        {"base_image.pcr", [](BaseImage& i) { i.references.front().pcr = 0; }},
        {"base_image.pcr", [](BaseImage& i) { i.references.front().pcr = 10; }},
        {"base_image.description", [](BaseImage& i) { i.references.front().description.assign(4097, 'a'); }},
        {"base_image.role", [](BaseImage& i) { role_reference(i, Role::kernel).pcr = 14; }},
        {"base_image.data", [](BaseImage& i) { variable_reference(i).data->back() ^= 1U; }},
        {"base_image.data", [](BaseImage& i) { variable_reference(i).data->clear(); }},
        {"base_image.data",
         [](BaseImage& i) { // true, and of a kind of event that keeps none
             Reference& one = role_reference(i, Role::command_line);
             one.data = to_buffer(as_bytes(one.description));
             one.digests = {{Algorithm::sha256, hash(Algorithm::sha256, *one.data)}};
         }},
        {"base_image.data",
         [](BaseImage& i) {
             Reference& one = variable_reference(i);
             one.data = Buffer(reference_data_bytes + 1, 7);
             one.digests = {{Algorithm::sha256, hash(Algorithm::sha256, *one.data)}};
         }},
        {"base_image.digests", [](BaseImage& i) { i.references.front().digests.begin()->second.pop_back(); }},
        {"base_image.digests", [](BaseImage& i) { i.references.front().digests.clear(); }},
        {"base_image.digests",
         [](BaseImage& i) { i.references.back().digests[Algorithm::sha1] = Buffer(20, 1); }},
        {"base_image.digests",
         [](BaseImage& i) {
             for (Reference& one : i.references) {
                 one.data.reset();
                 one.digests = {{Algorithm::sha1, Buffer(20, 1)}};
             }
         }},
        {"base_image.digests", [](BaseImage& i) { i.references.clear(); }},
        {"base_image.incomplete", [](BaseImage& i) { role_reference(i, Role::kernel).role.reset(); }},
        {"base_image.incomplete", [](BaseImage& i) { role_reference(i, Role::initrd).role.reset(); }},
        {"base_image.incomplete", [](BaseImage& i) { role_reference(i, Role::command_line).role.reset(); }},
        {"base_image.incomplete",
         [](BaseImage& i) { std::erase_if(i.references, [](const auto& one) { return one.pcr == 4; }); }},
        {"base_image.secure_boot",
         [](BaseImage& i) { std::erase_if(i.references, [](const auto& one) { return one.pcr == 7; }); }},
    };
    const BaseImage good = image_of("uki", "1");
    ASSERT_TRUE(validate(good));
    for (const BadImage& row : rows) {
        BaseImage image = good;
        row.change(image);
        const auto valid = validate(image);
        ASSERT_FALSE(valid) << row.where;
        EXPECT_EQ(valid.error().where, row.where);
        EXPECT_FALSE(parse_base_image(encode(image))) << row.where;
    }
}

TEST(BaseImageDocument, RefusesMoreReferencesThanItsLimit) {
    BaseImage image = image_of("uki", "1");
    image.references.resize(4097, image.references.back());
    EXPECT_EQ(validate(image).error().code, Errc::too_large);
    EXPECT_EQ(parse_base_image(encode(image)).error().code, Errc::too_large);
    EXPECT_EQ(parse_base_image(Buffer(base_image_bytes + 1, ' ')).error().where, "base_image.bytes");
}

struct BadDocument {
    const char* where;
    std::function<void(json::Object&)> change;
};

TEST(BaseImageDocument, RefusesBadDocumentsByTheirDefect) {
    const auto member = [](json::Object& document, std::string_view name) -> json::Object& {
        return document.find(name)->second.as_object();
    };
    const auto first = [](json::Object& document) -> json::Object& {
        return document.find("references")->second.as_array().front().as_object();
    };
    const BadDocument rows[] = {
        {"base_image.format", [](auto& d) { d["format"] = "other"; }},
        {"base_image.version", [](auto& d) { d["version"] = 1; }},
        {"base_image.userspace", [](auto& d) { d["userspace"] = "none"; }},
        {"base_image", [](auto& d) { d["surplus"] = 1; }},
        {"base_image.image", [&](auto& d) { member(d, "image")["surplus"] = 1; }},
        {"base_image.secure_boot.required", [&](auto& d) { member(d, "secure_boot").clear(); }},
        {"base_image.references.type", [&](auto& d) { first(d)["type"] = "EV_NOTHING"; }},
        {"base_image.references.role", [&](auto& d) { first(d)["role"] = "king"; }},
        {"base_image.references.pcr", [&](auto& d) { first(d)["pcr"] = 24; }},
        {"base_image.references.digests",
         [&](auto& d) { first(d)["digests"] = json::object({{"md5", "00"}}); }},
        {"base_image.references.digests.sha256",
         [&](auto& d) { first(d)["digests"] = json::object({{"sha256", "0x"}}); }},
        {"base_image.canonical", [&](auto& d) { first(d).erase("role"); }},
    };
    for (const BadDocument& row : rows) {
        auto document = json::parse(as_text(encode(image_of("uki", "1"))));
        ASSERT_TRUE(document);
        row.change(document->as_object());
        const auto parsed = parse_base_image(as_bytes(json::canonical(*document)));
        ASSERT_FALSE(parsed) << row.where;
        EXPECT_EQ(parsed.error().where, row.where);
    }
    const std::string spaced = json::pretty(*json::parse(as_text(encode(image_of("uki", "1")))));
    EXPECT_EQ(parse_base_image(as_bytes(spaced)).error().where, "json.canonical");
}

} // namespace
} // namespace vouchsafe::appraisal
