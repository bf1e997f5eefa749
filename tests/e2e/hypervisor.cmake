# The hypervisor against a libvirtd and a QEMU of its own. Needs root, libvirt-daemon, QEMU, OVMF, mtools.
find_package(GTest REQUIRED)
add_executable(e2e_hypervisor "${CMAKE_CURRENT_LIST_DIR}/hypervisor_test.cpp")
target_link_libraries(e2e_hypervisor PRIVATE vs_hypervisor vs_flags GTest::gtest GTest::gtest_main)
target_include_directories(e2e_hypervisor PRIVATE "${CMAKE_SOURCE_DIR}")
target_compile_definitions(e2e_hypervisor PRIVATE VS_TOOLS="${CMAKE_SOURCE_DIR}/tools")
add_test(NAME e2e.hypervisor COMMAND e2e_hypervisor)
set_tests_properties(e2e.hypervisor PROPERTIES LABELS e2e TIMEOUT 600)
