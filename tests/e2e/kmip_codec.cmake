# Our bytes against PyKMIP's codec: for our own messages always, for the published cases where there are any.
file(GLOB messages "${CMAKE_SOURCE_DIR}/tests/vectors/kmipforms/good-*.xml")
vs_e2e(kmip_codec COMMAND "${CMAKE_SOURCE_DIR}/tools/lab/kmip-codec" "${CMAKE_BINARY_DIR}/bin/vouchsafe" ${messages})
vs_e2e(kmip_codec_corpus LONG TIMEOUT 600
    COMMAND "${CMAKE_SOURCE_DIR}/tools/lab/kmip-codec" "${CMAKE_BINARY_DIR}/bin/vouchsafe")
