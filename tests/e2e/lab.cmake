# The scripts of tools/lab, on their own: what the other suites and the quick start stand on.
foreach(part swtpm kmip_server libvirt measured_guest vm_payload)
    vs_e2e(lab.${part} COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/${part}_test")
endforeach()
# Images computed from files, and the boots that they foretell.
vs_e2e(lab.image_build COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/image_build_test" $<TARGET_FILE:e2e_image_boot>)
vs_e2e(lab.image_build_grub LONG COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/image_build_grub_test" $<TARGET_FILE:e2e_image_boot>)
# What changes about a host, booted and judged: a few rows of the table, and all of them.
add_executable(e2e_real_boots "${CMAKE_CURRENT_LIST_DIR}/real_boots.cpp")
target_link_libraries(e2e_real_boots PRIVATE vs_attestation vs_flags)
target_include_directories(e2e_real_boots PRIVATE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/src")
target_compile_definitions(e2e_real_boots PRIVATE VS_VECTORS="${CMAKE_SOURCE_DIR}/tests/vectors")
vs_e2e(lab.real_boots COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/real_boots_test" $<TARGET_FILE:e2e_real_boots> fast)
vs_e2e(lab.real_boots_all LONG TIMEOUT 3600
    COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/real_boots_test" $<TARGET_FILE:e2e_real_boots> long)
vs_e2e(lab.ima_pcrs LONG COMMAND "${CMAKE_CURRENT_LIST_DIR}/lab/ima_pcrs_test" $<TARGET_FILE:e2e_real_boots>)
