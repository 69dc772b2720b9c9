package extant

// Getxattr is the value of an extended attribute of what a path leads to, following symbolic links. The name has its prefix
// ("user.mime_type"); POSIX ACLs ("system.posix_acl_access") are in the form of the system call. An attribute that is not
// there is syscall.ENODATA, on the BSDs ENOATTR.
func (v *Volume) Getxattr(name, attr string) ([]byte, error) { return v.getxattr(name, attr, true) }

// Lgetxattr is Getxattr that does not follow a symbolic link at the end of the path.
func (v *Volume) Lgetxattr(name, attr string) ([]byte, error) { return v.getxattr(name, attr, false) }

// Listxattr lists the names of the extended attributes of what a path leads to, following symbolic links.
func (v *Volume) Listxattr(name string) ([]string, error) { return v.listxattr(name, true) }

// Llistxattr is Listxattr that does not follow a symbolic link at the end of the path.
func (v *Volume) Llistxattr(name string) ([]string, error) { return v.listxattr(name, false) }

func (v *Volume) getxattr(name, attr string, follow bool) ([]byte, error) {
	if err := checkXattrName(attr); err != nil {
		return nil, pathError("getxattr", name, err)
	}
	n, err := v.Inode(name, follow)
	if err != nil {
		return nil, pathError("getxattr", name, err)
	}
	b, err := v.cred.xattr(n, attr)
	return b, pathError("getxattr", name, err)
}

func (v *Volume) listxattr(name string, follow bool) ([]string, error) {
	n, err := v.Inode(name, follow)
	if err != nil {
		return nil, pathError("listxattr", name, err)
	}
	list, err := v.cred.xattrs(n)
	return list, pathError("listxattr", name, err)
}

// Getxattr is the value of an extended attribute of the file; see Volume.Getxattr.
func (f *File) Getxattr(attr string) ([]byte, error) {
	if err := f.check("getxattr"); err != nil {
		return nil, err
	}
	if err := checkXattrName(attr); err != nil {
		return nil, pathError("getxattr", f.name, err)
	}
	b, err := f.cred.xattr(f.inode, attr)
	return b, pathError("getxattr", f.name, err)
}

// Listxattr lists the names of the file's extended attributes.
func (f *File) Listxattr() ([]string, error) {
	if err := f.check("listxattr"); err != nil {
		return nil, err
	}
	list, err := f.cred.xattrs(f.inode)
	return list, pathError("listxattr", f.name, err)
}
