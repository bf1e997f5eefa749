#include "appraisal/base_image_userspace.h"

#include "appraisal/boot.h"
#include "appraisal/command_line.h"
#include "crypto/signature.h"
#include "json/write.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

namespace vouchsafe::appraisal {

namespace {

constexpr std::size_t most_keys = 16;
constexpr std::size_t key_id_size = 4;
constexpr std::size_t name_size = 256;
constexpr std::size_t least_root_hash = 32; ///< SHA-256

Result<std::map<Algorithm, Buffer>> read_digests(json::Members members) {
    std::map<Algorithm, Buffer> out;
    for (const Algorithm algorithm :
         {Algorithm::sha1, Algorithm::sha256, Algorithm::sha384, Algorithm::sha512, Algorithm::sm3_256}) {
        VS_TRY(auto joined, members.optional_base64(to_string(algorithm)));
        if (joined)
            out.emplace(algorithm, *std::move(joined));
    }
    VS_TRY_VOID(members.finish());
    return out;
}

Result<ImaKey> read_key(const json::Value& value, const std::string& where) {
    json::Members members(value, where);
    ImaKey key;
    VS_TRY(key.name, members.string("name"));
    VS_TRY(key.key_id, members.hex("key_id"));
    VS_TRY(key.public_key, members.base64("public_key"));
    VS_TRY_VOID(members.finish());
    return key;
}

Result<ImaRule> read_ima(json::Members members) {
    ImaRule rule;
    VS_TRY(json::Members digests, members.object("digests"));
    VS_TRY(auto joined, read_digests(std::move(digests)));
    VS_TRY(rule.digests, FileDigests::from(std::move(joined)));
    VS_TRY(auto verity, members.optional_object("verity_digests"));
    if (verity) {
        VS_TRY(auto of_trees, read_digests(*std::move(verity)));
        VS_TRY(rule.verity, FileDigests::from(std::move(of_trees)));
    }
    VS_TRY(rule.keys, members.list<ImaKey>("keys", most_keys, read_key));
    VS_TRY(rule.signatures_suffice, members.boolean("signatures_suffice"));
    VS_TRY(rule.unsafe_violations, members.boolean("unsafe_violations"));
    VS_TRY_VOID(members.finish());
    return rule;
}

Result<void> check_keys(const std::vector<ImaKey>& keys) {
    if (keys.size() > most_keys)
        return fail(Errc::too_large, "base_image.ima.keys", "more than " + std::to_string(most_keys));
    for (const ImaKey& key : keys) {
        if (key.name.empty() || key.name.size() > name_size || !is_utf8(key.name))
            return fail(Errc::malformed, "base_image.ima.keys", "a key without a name, or too long a one");
        if (key.key_id.size() != key_id_size)
            return fail(Errc::malformed, "base_image.ima.keys", "a key's id has 4 bytes");
        VS_TRY_VOID(crypto::public_key_from_spki_der(key.public_key));
    }
    return {};
}

/// What holds for the command line that is booted: each reference that shows one must be what its description
/// says, and hold it.
template <class Holds> bool every_command_line(const BaseImage& image, const Holds& holds) {
    return std::ranges::all_of(image.references, [&](const Reference& one) {
        return one.role != Role::command_line ||
               (std::ranges::all_of(one.digests,
                                    [&one](const auto& digest) {
                                        return is_command_line(one.description, digest.first, digest.second);
                                    }) &&
                holds(one.description));
    });
}

Result<void> check_ima(const BaseImage& image) {
    if (image.ima->digests.size() + image.ima->verity.size() == 0 &&
        (!image.ima->signatures_suffice || image.ima->keys.empty()))
        return fail(Errc::malformed,
                    "base_image.ima",
                    "no file may be listed: there are neither digests nor keys whose signatures suffice");
    VS_TRY_VOID(check_keys(image.ima->keys));
    if (!every_command_line(image, measures_executables))
        return fail(Errc::malformed,
                    "base_image.ima",
                    "the measured command line does not fix what IMA measures; boot with ima_policy=tcb");
    return {};
}

Result<void> check_dm_verity(const BaseImage& image) {
    const std::string root_hash = to_hex(*image.verity_root_hash);
    if (image.verity_root_hash->size() < least_root_hash)
        return fail(Errc::malformed, "base_image.dm_verity", "a root hash shorter than SHA-256");
    const auto holds = [&root_hash](std::string_view line) { return verity_root_hash(line) == root_hash; };
    if (!every_command_line(image, holds))
        return fail(Errc::malformed,
                    "base_image.dm_verity",
                    "the measured command line does not verify userspace by this root hash; boot with "
                    "roothash=, usrhash= or dm-mod.create=");
    return {};
}

/// Of "name=value"; nothing for another word. Quotes around the value are not part of it.
std::optional<std::string_view> value_of(std::string_view word, std::string_view name) {
    if (!word.starts_with(name) || !word.substr(name.size()).starts_with('='))
        return {};
    std::string_view value = word.substr(name.size() + 1);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
        value = value.substr(1, value.size() - 2);
    return value;
}

/// The 9th field of a verity table: version, devices, block sizes, block counts, algorithm, then the root.
std::vector<std::string> roots_of_tables(std::string_view tables) {
    std::vector<std::string_view> fields;
    for (std::size_t begin = 0; begin <= tables.size();) {
        const std::size_t end = std::min(tables.find_first_of(" ,;", begin), tables.size());
        if (end > begin)
            fields.push_back(tables.substr(begin, end - begin));
        begin = end + 1;
    }
    constexpr std::size_t root_after = 9; // words from "verity" to its root
    std::vector<std::string> out;
    for (auto at = std::ranges::find(fields, "verity"); at != fields.end();
         at = std::find(at + 1, fields.end(), "verity"))
        out.emplace_back(std::distance(at, fields.end()) > static_cast<std::ptrdiff_t>(root_after)
                             ? std::string(at[root_after])
                             : std::string());
    return out;
}

bool switches_verity_off(std::string_view word) {
    constexpr std::array<std::string_view, 4> no{"0", "no", "false", "off"};
    for (const std::string_view name :
         {"systemd.verity", "rd.systemd.verity", "systemd.verity_root", "systemd.verity_usr"})
        if (const auto value = value_of(word, name); value && std::ranges::find(no, *value) != no.end())
            return true;
    return word.contains("ignore-corruption") || word.contains("ignore_corruption");
}

} // namespace

std::optional<std::string> verity_root_hash(std::string_view command_line) {
    std::set<std::string> roots;
    for (const std::string_view word : command_line_words(command_line)) {
        if (switches_verity_off(word))
            return {};
        for (const std::string_view name : {"roothash", "usrhash"})
            if (const auto value = value_of(word, name))
                roots.emplace(*value);
        // the quotes may stand around the word or around its value
        const std::string_view bare = word.starts_with('"') && word.ends_with('"') && word.size() > 1
                                          ? word.substr(1, word.size() - 2)
                                          : word;
        if (const auto tables = value_of(bare, "dm-mod.create"))
            for (std::string& root : roots_of_tables(*tables))
                roots.insert(std::move(root));
    }
    if (roots.size() != 1)
        return {};
    const auto bytes = from_hex(*roots.begin());
    return bytes && !bytes->empty() ? std::optional(to_hex(*bytes)) : std::nullopt;
}

bool measures_executables(std::string_view command_line) {
    bool measures = false;
    for (const std::string_view word : command_line_words(command_line)) {
        if (word == "ima=off" || word == "ima=0")
            return false;
        measures = measures || word == "ima_tcb";
        auto rest = value_of(word, "ima_policy");
        while (rest && !rest->empty()) {
            const std::string_view one = rest->substr(0, rest->find('|'));
            measures = measures || one == "tcb";
            rest->remove_prefix(std::min(rest->size(), one.size() + 1));
        }
    }
    return measures;
}

Result<void> read_userspace(json::Members& members, BaseImage& image) {
    VS_TRY(const auto userspace, members.string("userspace"));
    const auto covered = userspace_from_text(userspace);
    if (!covered)
        return fail(Errc::malformed, "base_image.userspace", "an unknown way of covering userspace");
    image.userspace = *covered;
    VS_TRY(auto dm_verity, members.optional_object("dm_verity"));
    if (dm_verity) {
        VS_TRY(image.verity_root_hash, dm_verity->hex("root_hash"));
        VS_TRY_VOID(dm_verity->finish());
    }
    VS_TRY(auto ima, members.optional_object("ima"));
    if (ima) {
        VS_TRY(image.ima, read_ima(*std::move(ima)));
    }
    return {};
}

void take_verity_root_hash(BaseImage& image) {
    if (image.userspace != Userspace::dm_verity)
        return;
    for (const Reference& reference : image.references) {
        const auto root =
            reference.role == Role::command_line ? verity_root_hash(reference.description) : std::nullopt;
        if (root)
            image.verity_root_hash = *from_hex(*root);
    }
}

json::Value dm_verity_json(const BaseImage& image) {
    if (!image.verity_root_hash)
        return {};
    return json::object({{"root_hash", to_hex(*image.verity_root_hash)}});
}

json::Value ima_json(const BaseImage& image) {
    if (!image.ima)
        return {};
    const auto digests_json = [](const FileDigests& digests) {
        json::Object out;
        for (const auto& [algorithm, joined] : digests.joined())
            out[to_string(algorithm)] = to_base64(joined);
        return out;
    };
    const auto key_json = [](const ImaKey& key) {
        return json::object(
            {{"name", key.name}, {"key_id", to_hex(key.key_id)}, {"public_key", to_base64(key.public_key)}});
    };
    json::Value out = json::object({{"digests", digests_json(image.ima->digests)},
                                    {"keys", json::array_of(image.ima->keys, key_json)},
                                    {"signatures_suffice", image.ima->signatures_suffice},
                                    {"unsafe_violations", image.ima->unsafe_violations}});
    if (image.ima->verity.size() > 0)
        out.as_object().emplace("verity_digests", digests_json(image.ima->verity));
    return out;
}

Result<void> check_userspace(const BaseImage& image) {
    if (image.ima.has_value() != (image.userspace == Userspace::ima) ||
        image.verity_root_hash.has_value() != (image.userspace == Userspace::dm_verity))
        return fail(Errc::malformed,
                    "base_image.userspace",
                    image.userspace == Userspace::dm_verity
                        ? "the command line has no root hash that verifies userspace: boot with roothash=, "
                          "usrhash= or dm-mod.create="
                        : "needs the member of what covers it, and no other: ima or dm_verity");
    if (image.ima)
        return check_ima(image);
    if (image.verity_root_hash)
        return check_dm_verity(image);
    return {};
}

} // namespace vouchsafe::appraisal
