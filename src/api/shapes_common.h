// Shapes that more than one part of the table uses.
#pragma once

#include "api/shape.h"

#include <array>

namespace vouchsafe::api {

inline constexpr std::array<std::string_view, 2> state_words = {"ENABLE", "DISABLE"};
inline constexpr std::array<std::string_view, 4> health_words = {"NONE", "OK", "WARNING", "ERROR"};
inline constexpr std::array<std::string_view, 2> principal_words = {"STS_USER", "STS_GROUP"};
/// What can be revoked.
inline constexpr std::array<std::string_view, 12> revocation_words = {"host",
                                                                      "ek",
                                                                      "ak",
                                                                      "ca",
                                                                      "image",
                                                                      "file",
                                                                      "firmware",
                                                                      "tpm_model",
                                                                      "authority_key",
                                                                      "generation",
                                                                      "key_id",
                                                                      "blob"};
inline constexpr Type state = word(state_words);
inline constexpr Type states = list(state);
inline constexpr Type health = word(health_words);
inline constexpr Type healths = list(health);
inline constexpr Type texts = list(text);
inline constexpr Type ids = list(id);

inline constexpr std::array message_fields = {
    Field{"id", text}, Field{"default_message", text}, Field{"args", texts}};
inline constexpr Structure message{"vapi.std.localizable_message", message_fields};
inline constexpr Type message_type = structure(message);
inline constexpr Type messages = list(message_type);

inline constexpr std::array address_fields = {Field{"hostname", id}, Field{"port", integer, Need::optional}};
inline constexpr Structure address{"vcenter.trusted_infrastructure.network_address", address_fields};
inline constexpr Type address_type = structure(address);
inline constexpr Type addresses = list(address_type);

inline constexpr std::array chain_fields = {Field{"cert_chain", texts}};
inline constexpr Structure chain{"vcenter.trusted_infrastructure.x509_cert_chain", chain_fields};
inline constexpr Type chain_type = structure(chain);
inline constexpr Type chains = list(chain_type);

inline constexpr std::array principal_id_fields = {Field{"name", id}, Field{"domain", id}};
inline constexpr Structure principal_id{"vcenter.trusted_infrastructure.sts_principal_id",
                                        principal_id_fields};
inline constexpr std::array principal_fields = {Field{"id", structure(principal_id)},
                                                Field{"type", word(principal_words)}};
inline constexpr Structure principal{"vcenter.trusted_infrastructure.sts_principal", principal_fields};
inline constexpr Type principal_type = structure(principal);
inline constexpr Type principals = list(principal_type);

/// Health of something that every authority host holds.
inline constexpr std::array status_fields = {Field{"health", health}, Field{"details", messages}};

} // namespace vouchsafe::api
