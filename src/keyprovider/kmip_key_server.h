// The key servers of a provider by KMIP: the ones that work first, and one after the other as the class of
// each failure allows, until the operation's time is over.
//
// All servers of a provider must hold the same primary key. With wrapping "fetch" that is told by its check
// value: the one that is kept with the generation, or as long as there is none the one that all servers agree
// on. With "remote" the key is not seen: a block that one server sealed must open on each other one. Where
// servers differ and nobody knows which is right, none of them is used; otherwise those that are wrong are
// excluded until they are right.
#pragma once

#include "base/result.h"
#include "inventory/provider.h"
#include "inventory/state.h"
#include "keyprovider/failover.h"
#include "keyprovider/primary_key.h"
#include "keyprovider/replica_proofs.h"
#include "kmip/client.h"

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace vouchsafe::keyprovider {

/// The port that opens ways to key servers: TLS, credentials and time are its business.
class KmipConnector {
public:
    KmipConnector() = default;
    KmipConnector(const KmipConnector&) = delete;
    KmipConnector& operator=(const KmipConnector&) = delete;
    virtual ~KmipConnector() = default;

    /// May be called by several threads.
    virtual Result<std::unique_ptr<kmip::Transport>> connect(const inventory::Provider& provider,
                                                             const inventory::KmipServer& server) = 0;
    /// What the provider's servers want besides the client certificate; nothing as a rule.
    virtual Result<std::optional<kmip::Credential>> credential(const inventory::Provider& provider) = 0;
    /// By when an operation that starts now must have ended, with all servers, versions and repetitions.
    virtual kmip::Deadline deadline(const inventory::Provider& provider) = 0;
    /// By when a server that is asked now must have answered, never after the operation's end; `timed_out` at
    /// "key_server.deadline" when that is over.
    virtual Result<kmip::Deadline> answer_deadline(const inventory::Provider& provider,
                                                   kmip::Deadline operation) = 0;
};

/// KmipKeyServer establishes, before what a server says is used:
///  key_server.turn      failover lets it be asked now: it is neither excluded nor left alone
///  key_server.time      the operation's time is not over
///  key_server.value     wrapping "fetch": it gave the primary key that is known
///  key_server.differ    where none is known yet: all that answer give, or open, the same
///  key_server.aead      "remote", of several: its AEAD authenticates
///  key_server.replica   "remote", of several: it opens what another one sealed
///  key_server.opinion   a General Failure of Decrypt is the blob's fault when a second server says so too
class KmipKeyServer final : public KeyServer {
public:
    KmipKeyServer(KmipConnector& connector, const Clock& clock, Random& random)
        : connector_(connector), random_(random), failover_(clock, random) {}

    Result<FetchedKey> fetch(const inventory::Provider& provider,
                             const inventory::Generation& generation) override;
    Result<kmip::Attributes> attributes(const inventory::Provider& provider,
                                        const inventory::Generation& generation) override;
    /// Only with KMIP 1.4 and later, which keep the tag, and only where the server takes our nonce. Of
    /// several servers only by one whose AEAD was tried, and that is proven to hold the same key as the
    /// others.
    Result<Buffer> seal(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const AeadInput& input,
                        const Secret& plain) override;
    /// A server that says General Failure may be at fault, or the bytes may be wrong: a second one is asked.
    /// When both say so it is the bytes (`untrusted`); when the second opens them the first is at fault.
    Result<Secret> open(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const AeadInput& input,
                        Bytes sealed) override;

    /// Asks every server of the provider for proof that it holds the same key as the others, and excludes
    /// those that do not; to be called now and then, and before an administrator is shown their health. An
    /// excluded server is asked too, and admitted when it has the right key; an open one only when its probe
    /// is due.
    void compare(const inventory::Provider& provider, const inventory::Generation& generation);

    /// What is known of a server.
    ServerRecord record(const inventory::Provider& provider, const inventory::KmipServer& server) const {
        return failover_.record(provider, server);
    }

    /// The servers to ask now, in this order. Fails when all are left alone.
    Result<std::vector<inventory::KmipServer>> servers_for(const inventory::Provider& provider) const {
        return failover_.servers_for(provider);
    }

    /// Forgets providers, servers and generations that the state does not have. To be called now and then.
    void retain(const inventory::AuthorityState& state) {
        failover_.retain(state);
        proofs_.retain(state);
    }

private:
    /// One primary key on one server, within one operation.
    struct At {
        const inventory::Provider& provider;
        const inventory::KmipServer& server;
        kmip::Deadline end; ///< of the operation
    };

    class OneServer;

    /// use(kmip::Client&, Deadline), at one server; again with another version where the one that was agreed
    /// on before is not understood any more.
    template <class Use>
    auto ask(const At& at, const Use& use) -> std::invoke_result_t<const Use&, kmip::Client&, kmip::Deadline>;
    /// use(const At&) on each server in turn, until one answers, one refuses for all, or the time is over.
    template <class Out, class Use>
    Result<Out> with_servers(const inventory::Provider& provider, kmip::Deadline end, const Use& use);

    Result<FetchedKey> fetch_at(const At& at, const inventory::Generation& generation);
    Result<Buffer> seal_at(const At& at,
                           const inventory::Generation& generation,
                           const AeadInput& input,
                           const Secret& plain);
    /// The outer failure: no answer. The inner one: it does not open this.
    Result<Result<Secret>>
    open_at(const At& at, const inventory::Generation& generation, const AeadInput& input, Bytes sealed);

    /// The servers whose turn it is, the excluded ones too.
    std::vector<inventory::KmipServer> to_compare(const inventory::Provider& provider);
    /// The check value that they must have, once it is known.
    std::optional<std::string> compare_values(const inventory::Provider& provider,
                                              const inventory::Generation& generation,
                                              kmip::Deadline end);
    void compare_blocks(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        kmip::Deadline end);
    void begin_proofs(const inventory::Provider& provider,
                      const inventory::Generation& generation,
                      kmip::Deadline end);

    /// The servers that answered, the first of which sealed the block; none where two of them differ.
    struct Agreement {
        std::optional<ReferenceBlock> block = std::nullopt;
        std::vector<inventory::KmipServer> servers{};
        std::vector<std::pair<inventory::KmipServer, Error>> others{}; ///< which do not open it
    };

    Agreement agreement(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        kmip::Deadline end);
    /// Its AEAD is one: a server whose is not is excluded.
    Result<void> try_aead(const At& at, const inventory::Generation& generation);
    Result<ReferenceBlock> make_block(const At& at, const inventory::Generation& generation);
    /// Why it does not hold the key of that block; nothing where it does. Fails where it does not answer.
    Result<std::optional<Error>>
    difference(const At& at, const inventory::Generation& generation, const ReferenceBlock& block);
    /// May new keys be wrapped there?
    Result<void> prove(const At& at, const inventory::Generation& generation);

    KmipConnector& connector_;
    Random& random_;
    Failover failover_;
    ReplicaProofs proofs_;
};

} // namespace vouchsafe::keyprovider
