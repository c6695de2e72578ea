# What `cmake --install` copies, and the .deb that tools/package packs. Only a shipped program is packed: none that can
# be killed at named moments, none with sanitizers.
if(TIDEGATE_FAULT_POINTS OR TIDEGATE_SANITIZE)
  return()
endif()
include(GNUInstallDirs)
set(package_files ${PROJECT_BINARY_DIR}/package_files)
file(MAKE_DIRECTORY ${package_files})

install(TARGETS tidegate)
install(FILES README.md ARCHITECTURE.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples PATTERN systemd EXCLUDE)

# The program writes its own completions.
function(tidegate_completion shell name destination)
  install(CODE "execute_process(COMMAND $<TARGET_FILE:tidegate> completion ${shell} OUTPUT_FILE ${package_files}/${name}
                                COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${package_files}/${name} DESTINATION ${CMAKE_INSTALL_DATADIR}/${destination})
endfunction()
tidegate_completion(bash tidegate bash-completion/completions)
tidegate_completion(zsh _tidegate zsh/vendor-completions)
tidegate_completion(fish tidegate.fish fish/vendor_completions.d)

# The rest has fixed places, so only a package brings it there.
set(config ${PROJECT_SOURCE_DIR}/configs/tidegate.toml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${config})
file(READ ${config} settings)
string(REPLACE "\ndata_dir = \"./tidegate-data\"\n" "\ndata_dir = \"/var/lib/tidegate\"\n" packaged "${settings}")
if(packaged STREQUAL settings)
  message(FATAL_ERROR "${config}: the line of data_dir is not the one that the package replaces")
endif()
file(WRITE ${package_files}/tidegate.toml "${packaged}")
install(FILES ${package_files}/tidegate.toml DESTINATION /etc/tidegate COMPONENT system EXCLUDE_FROM_ALL)
install(FILES configs/systemd/tidegate.service DESTINATION /lib/systemd/system COMPONENT system EXCLUDE_FROM_ALL)
file(WRITE ${package_files}/conffiles "/etc/tidegate/tidegate.toml\n")

set(CPACK_GENERATOR DEB)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};tidegate;ALL;/;${PROJECT_BINARY_DIR};tidegate;system;/")
set(CPACK_PACKAGE_NAME tidegate)
set(CPACK_PACKAGE_CONTACT "The tidegate authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Kafka gateway that keeps records and positions in SeaweedMQ's formats")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Kafka clients speak to it; records and consumer positions live in a local\nstore, or in a SeaweedMQ cluster. \
A consumer group that was away gets the\nrecord at its committed offset next: nothing skipped, nothing repeated.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, procps")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(scripts ${PROJECT_SOURCE_DIR}/cmake/package)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm
                                       ${package_files}/conffiles)
include(CPack)
