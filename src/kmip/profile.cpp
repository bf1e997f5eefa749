#include "kmip/profile.h"

#include <algorithm>
#include <array>
#include <string>

namespace vouchsafe::kmip {

namespace {

using Words = std::string_view;

constexpr std::array pykmip_words{Words{"pykmip"}};
constexpr std::array pykmip{
    Words{"It is for tests: it hands out keys in every state, and what we check of a key is all there is."},
    Words{"It decrypts with active keys only: with remote wrapping, rewrap blobs before deactivating a key."},
    Words{"A wrong tag looks like a fault of the server: a second server is asked before it is believed."},
    Words{
        "A key belongs to the client that made it: every authority host needs the same client certificate."},
};

constexpr std::array vault_words{Words{"hashicorp"}, Words{"vault"}};
constexpr std::array vault{
    Words{"Client certificates are issued by Vault, for a scope and a role: upload the pair that it gives."},
    Words{"Names are unique there: a name cannot be used again for a new generation."},
    Words{"It speaks KMIP 1.4 alone, and serves Locate in pages of 16."},
};

constexpr std::array gklm_words{Words{"gklm"}, Words{"sklm"}, Words{"ibm"}};
constexpr std::array gklm{
    Words{"It does not encrypt or decrypt: use fetch wrapping."},
    Words{"An administrator must accept the client certificate, and its device group decides what Create "
          "makes."},
};

constexpr std::array kryptus_words{Words{"kryptus"}};
constexpr std::array kryptus{
    Words{"It closes connections after 30 s without a request, and now and then without a reason: "
          "requests that may be sent twice are."},
};

constexpr std::array oracle_words{Words{"oracle"}};
constexpr std::array oracle{
    Words{"What it can do does not follow from its KMIP version: only what Query lists, and trying, tells."},
};

constexpr std::array thales_words{Words{"ciphertrust"}, Words{"thales"}, Words{"safenet"}, Words{"gemalto"}};
constexpr std::array thales{
    Words{"Register the client certificate there first; its user name is taken from a field of it."},
    Words{"Destroy keeps a key's attributes: the identifier stays known, in state Destroyed."},
};

constexpr std::array fortanix_words{Words{"fortanix"}};
constexpr std::array fortanix{
    Words{"The client certificate stands for an app of one group: the primary key must be in that group."},
};

constexpr std::array entrust_words{Words{"entrust"}, Words{"hytrust"}, Words{"keycontrol"}};
constexpr std::array entrust{
    Words{"It may want user name and password besides the client certificate: give them to the provider."},
};

constexpr std::array cosmian_words{Words{"cosmian"}};
constexpr std::array cosmian{
    Words{"Its Locate has ignored filters: what it finds is looked at before it is used."},
    Words{"Its Get may give a wrapped key that nobody asked for: such an answer is refused."},
};

constexpr std::array generic{
    Words{"Nothing special is known of it: what was tried here is what there is to go by."},
};

constexpr std::array table{
    Profile{"PyKMIP", pykmip_words, pykmip},
    Profile{"HashiCorp Vault", vault_words, vault},
    Profile{"IBM GKLM", gklm_words, gklm},
    Profile{"Kryptus", kryptus_words, kryptus},
    Profile{"Oracle Key Vault", oracle_words, oracle},
    Profile{"Thales CipherTrust", thales_words, thales},
    Profile{"Fortanix DSM", fortanix_words, fortanix},
    Profile{"Entrust KeyControl", entrust_words, entrust},
    Profile{"Cosmian KMS", cosmian_words, cosmian},
    Profile{"generic", {}, generic},
};

} // namespace

std::span<const Profile> profiles() {
    return table;
}

const Profile& profile_for(std::string_view vendor) {
    std::string small(vendor);
    std::ranges::transform(small, small.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const auto* const found = std::ranges::find_if(table, [&](const Profile& profile) {
        return std::ranges::any_of(profile.vendor_words,
                                   [&](Words word) { return small.find(word) != std::string::npos; });
    });
    return found != table.end() ? *found : table.back();
}

} // namespace vouchsafe::kmip
