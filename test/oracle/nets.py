"""Networks written by hand from their papers, in PyTorch: the independent side of the comparison with rnc's ONNX files.

Written from: He et al. 2015 (arXiv 1512.03385), Table 1, Figs. 2, 3, 5, sections 3.3, 4.2; He et al. 2016 (1603.05027), Fig. 4 and
appendix; Zagoruyko and Komodakis 2016 (1605.07146), Table 1; Xie et al. 2016 (1611.05431), Tables 1 and 2; Hu et al. 2017 (1709.01507),
Fig. 3; He et al. 2018 (1812.01187), Fig. 2; Simonyan and Zisserman 2014 (1409.1556), Table 1; Szegedy et al. 2014 (1409.4842), Table 1.
Attributes have the names that PyTorch users know from torchvision, so that a state_dict fits by name.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


def conv(cin, cout, k, stride=1, dilation=1, groups=1, bias=False):
    return nn.Conv2d(cin, cout, k, stride, dilation * (k - 1) // 2, dilation, groups, bias)


class ZeroPadded(nn.Module):
    """Option A: every stride-th pixel; new channels are zeros, all at the end or half (rounded down) in front."""

    def __init__(self, cin, cout, stride, split):
        super().__init__()
        self.stride = stride
        self.front = (cout - cin) // 2 if split else 0
        self.back = cout - cin - self.front

    def forward(self, x):
        batch, _, height, width = x[:, :, :: self.stride, :: self.stride].shape
        front = x.new_zeros(batch, self.front, height, width)
        back = x.new_zeros(batch, self.back, height, width)
        return torch.cat([front, x[:, :, :: self.stride, :: self.stride], back], 1)


def shortcut(option, cin, cout, stride, norm=True):
    """Options of section 3.3 and 4.1, and D of He et al. 2018; None where nothing is added."""
    changes = cin != cout or stride != 1
    if option == "none":
        return None
    if option in ("A", "A split"):
        return ZeroPadded(cin, cout, stride, option == "A split") if changes else nn.Identity()
    if option == "D" and changes:
        # A projection of what a pool that rounds up leaves; windows over the edge are means of what is inside.
        pool = nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False) if stride > 1 else nn.Identity()
        return nn.Sequential(pool, conv(cin, cout, 1), nn.BatchNorm2d(cout))
    if option == "C" or changes:
        projection = [conv(cin, cout, 1, stride)]
        return nn.Sequential(*projection, nn.BatchNorm2d(cout)) if norm else nn.Sequential(*projection)
    return nn.Identity()


class SE(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.fc1 = conv(channels, channels // reduction, 1, bias=True)
        self.fc2 = conv(channels // reduction, channels, 1, bias=True)

    def forward(self, x):
        weights = torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))
        return x * weights


class Added(nn.Module):
    """F(x) plus the shortcut of x; subclasses say F."""

    def make_shortcut(self, option, cin, cout, stride, norm=True):
        self.has_shortcut = option != "none"
        made = shortcut(option, cin, cout, stride, norm)
        if isinstance(made, nn.Sequential):
            self.downsample = made
        else:
            # Without weights: kept out of the modules, so that it has no name.
            object.__setattr__(self, "downsample", made)

    def add(self, f, x):
        return f + self.downsample(x) if self.has_shortcut else f


class Basic(Added):
    expansion = 1

    def __init__(self, cin, width, stride, option, dilation=1, se=0, **_):
        super().__init__()
        self.conv1 = conv(cin, width, 3, stride, dilation)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.se = SE(width, se) if se else nn.Identity()
        self.make_shortcut(option, cin, width, stride)

    def forward(self, x):
        f = self.se(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.add(f, x))


class Bottleneck(Added):
    expansion = 4

    def __init__(self, cin, width, stride, option, dilation=1, groups=1, base=64, v1=False, se=0, **_):
        super().__init__()
        inner = width * base * groups // 64
        self.conv1 = conv(cin, inner, 1, stride if v1 else 1)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = conv(inner, inner, 3, 1 if v1 else stride, dilation, groups)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = conv(inner, 4 * width, 1)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.se = SE(4 * width, se) if se else nn.Identity()
        self.make_shortcut(option, cin, 4 * width, stride)

    def forward(self, x):
        f = F.relu(self.bn1(self.conv1(x)))
        f = F.relu(self.bn2(self.conv2(f)))
        f = self.se(self.bn3(self.conv3(f)))
        return F.relu(self.add(f, x))


class Single(Added):
    """F of one layer, section 3.2."""

    expansion = 1

    def __init__(self, cin, width, stride, option, **_):
        super().__init__()
        self.conv1 = conv(cin, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.make_shortcut(option, cin, width, stride)

    def forward(self, x):
        return F.relu(self.add(self.bn1(self.conv1(x)), x))


class PreActivation(Added):
    """BN-ReLU before each convolution; where the width changes the shortcut too starts after the first pair."""

    def __init__(self, cin, width, stride, option, kernels, activated=False, **_):
        super().__init__()
        cout = width * self.expansion
        # Fewer pairs than convolutions where the input has had its pair already.
        self.activated = activated
        self.shared = cin != cout
        channels = cin
        self.steps = []
        bns = 0
        for index, (k, out, step) in enumerate(kernels, 1):
            bn = None
            if not (index == 1 and activated):
                bns += 1
                bn = f"bn{bns}"
                setattr(self, bn, nn.BatchNorm2d(channels))
            setattr(self, f"conv{index}", conv(channels, out, k, step))
            self.steps.append((bn, f"conv{index}"))
            channels = out
        self.make_shortcut(option, cin, cout, stride, norm=False)

    def forward(self, x):
        f = x
        for index, (bn, name) in enumerate(self.steps):
            if bn:
                f = F.relu(getattr(self, bn)(f))
            if index == 0 and self.shared:
                x = f
            f = getattr(self, name)(f)
        return self.add(f, x)


class PreBasic(PreActivation):
    expansion = 1

    def __init__(self, cin, width, stride, option, **more):
        super().__init__(cin, width, stride, option, [(3, width, stride), (3, width, 1)], **more)


class PreBottleneck(PreActivation):
    expansion = 4

    def __init__(self, cin, width, stride, option, v1=False, **more):
        kernels = [(1, width, stride if v1 else 1), (3, width, 1 if v1 else stride), (1, 4 * width, 1)]
        super().__init__(cin, width, stride, option, kernels, **more)


UNITS = {unit.__name__: unit for unit in (Basic, Bottleneck, Single, PreBasic, PreBottleneck)}


class ResNet(nn.Module):
    """Table 1 (four stages of 64, 128, 256, 512) and section 4.2 (three of 16, 32, 64), and what was built on them.

    stem: "7x7", "3x3", or the widths of a deep stem [32, 32]; output_stride: 32, or less by dilation; head: "class", or "map" for
    classes at every position, "none" for the last map, "stages" for all four.
    """

    def __init__(self, unit, depths, widths=(64, 128, 256, 512), option="B", stem="7x7", stem_width=64, classes=1000, output_stride=32,
                 head="class", **more):
        super().__init__()
        unit = UNITS[unit]
        preactivated = issubclass(unit, PreActivation)
        # Nets for CIFAR have no BN after their stem when units begin with one; the first unit of ImageNet's shares the stem's.
        self.pool = nn.Identity() if stem == "3x3" else nn.MaxPool2d(3, 2, 1)
        if isinstance(stem, list):
            first, second = stem
            self.conv1 = nn.Sequential(
                conv(3, first, 3, 2), nn.BatchNorm2d(first), nn.ReLU(),
                conv(first, second, 3), nn.BatchNorm2d(second), nn.ReLU(),
                conv(second, stem_width, 3),
            )
        else:
            self.conv1 = conv(3, stem_width, 3) if stem == "3x3" else conv(3, stem_width, 7, 2)
        self.activates_stem = not (preactivated and stem == "3x3")
        if self.activates_stem:
            self.bn1 = nn.BatchNorm2d(stem_width)
        channels, at, dilation = stem_width, 1 if stem == "3x3" else 4, 1
        self.stages = []
        for number, (n, width) in enumerate(zip(depths, widths), 1):
            stride, before = 1 if number == 1 else 2, dilation
            if at * stride > output_stride:
                stride, dilation = 1, dilation * 2
            at *= stride
            units = []
            for index in range(n):
                units.append(unit(
                    channels, width, stride if index == 0 else 1, option, dilation=before if index == 0 else dilation,
                    **({"activated": True} if preactivated and stem != "3x3" and number == 1 and index == 0 else {}), **more,
                ))
                channels = width * unit.expansion
            setattr(self, f"layer{number}", nn.Sequential(*units))
            self.stages.append(f"layer{number}")
        self.ends_in_bn = preactivated
        if preactivated:
            setattr(self, "bn2" if self.activates_stem else "bn1", nn.BatchNorm2d(channels))
        self.head = head
        if head in ("class", "map"):
            self.fc = nn.Linear(channels, classes) if head == "class" else conv(channels, classes, 1, bias=True)

    def forward(self, x):
        x = self.conv1(x)
        if self.activates_stem:
            x = F.relu(self.bn1(x))
        x = self.pool(x)
        maps = {}
        for number, stage in enumerate(self.stages, 2):
            maps[f"c{number}"] = x = getattr(self, stage)(x)
        if self.head == "stages":
            return maps
        if self.ends_in_bn:
            x = F.relu((self.bn2 if self.activates_stem else self.bn1)(x))
        if self.head == "none":
            return x
        return self.fc(x) if self.head == "map" else self.fc(x.mean((2, 3)))


class FPN(nn.Module):
    """Lin et al. 2017 (1612.03144), Fig. 3, on ResNet-101 as there: lateral 1x1, the level above twice as large, 3x3."""

    def __init__(self, width=256):
        super().__init__()
        self.backbone = ResNet("Bottleneck", (3, 4, 23, 3), head="stages")
        for level, channels in ((5, 2048), (4, 1024), (3, 512)):
            lateral = conv(channels, width, 1, bias=True)
            # rnc names the convolution inside a labelled sum by its kind; the top level is no sum.
            setattr(self, f"inner{level}", lateral if level == 5 else nn.ModuleDict({"conv1": lateral}))
        for level in (5, 4, 3):
            setattr(self, f"p{level}", conv(width, width, 3, bias=True))

    def forward(self, x):
        maps = self.backbone(x)
        inner5 = self.inner5(maps["c5"])
        inner4 = self.inner4["conv1"](maps["c4"]) + inner5.repeat_interleave(2, 2).repeat_interleave(2, 3)
        inner3 = self.inner3["conv1"](maps["c3"]) + inner4.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return {"p3": self.p3(inner3), "p4": self.p4(inner4), "p5": self.p5(inner5)}


class VGG(nn.Module):
    def __init__(self, repeats, side=7, classes=1000):
        super().__init__()
        layers, channels = [], 3
        for n, width in zip(repeats, (64, 128, 256, 512, 512)):
            for _ in range(n):
                layers += [conv(channels, width, 3, bias=True), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(512 * side * side, 4096), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4096, classes)
        )

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Unit(nn.Module):
    """GoogLeNet's convolution: with bias as published, or with BN (epsilon 1e-3)."""

    def __init__(self, cin, cout, k, stride=1, norm=False):
        super().__init__()
        self.conv = conv(cin, cout, k, stride, bias=not norm)
        if norm:
            self.bn = nn.BatchNorm2d(cout, eps=1e-3)
        self.norm = norm

    def forward(self, x):
        x = self.conv(x)
        return F.relu(self.bn(x) if self.norm else x)


class Inception(nn.Module):
    def __init__(self, cin, a, b_reduce, b, c_reduce, c, pool, third, norm):
        super().__init__()
        self.branch1 = Unit(cin, a, 1, norm=norm)
        self.branch2 = nn.Sequential(Unit(cin, b_reduce, 1, norm=norm), Unit(b_reduce, b, 3, norm=norm))
        self.branch3 = nn.Sequential(Unit(cin, c_reduce, 1, norm=norm), Unit(c_reduce, c, third, norm=norm))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), Unit(cin, pool, 1, norm=norm))

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


TABLE_1 = {
    "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64), "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
}


class Auxiliary(nn.Module):
    """Section 5: 5x5 pool with stride 3, 1x1 with 128 filters, 1,024 units, classes."""

    def __init__(self, cin, classes):
        super().__init__()
        self.conv = Unit(cin, 128, 1)
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.fc2 = nn.Linear(1024, classes)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(self.conv(F.avg_pool2d(x, 5, 3)).flatten(1))))


class GoogLeNet(nn.Module):
    def __init__(self, third=5, last_pool=3, norm=False, auxiliary=False, classes=1000):
        super().__init__()
        self.conv1 = Unit(3, 64, 7, 2, norm)
        self.conv2 = Unit(64, 64, 1, norm=norm)
        self.conv3 = Unit(64, 192, 3, norm=norm)
        channels = 192
        for name, row in TABLE_1.items():
            setattr(self, f"inception{name}", Inception(channels, *row, third, norm))
            channels = row[0] + row[2] + row[4] + row[5]
        self.last_pool = last_pool
        # Fig. 3 and Caffe's bvlc_googlenet: after the first pool, before the second.
        self.local = nn.Identity() if norm else nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75)
        self.fc = nn.Linear(channels, classes)
        self.auxiliary = auxiliary
        if auxiliary:
            self.aux1 = Auxiliary(512, classes)
            self.aux2 = Auxiliary(528, classes)

    def forward(self, x):
        def halve(x, k=3):
            return F.max_pool2d(x, k, 2, ceil_mode=True)

        x = self.local(halve(self.conv1(x)))
        x = halve(self.local(self.conv3(self.conv2(x))))
        for name in TABLE_1:
            if name == "4a":
                x = halve(x)
            if name == "5a":
                x = halve(x, self.last_pool)
            x = getattr(self, f"inception{name}")(x)
            if name == "4a" and self.auxiliary:
                aux1 = self.aux1(x)
            if name == "4d" and self.auxiliary:
                aux2 = self.aux2(x)
        logits = self.fc(x.mean((2, 3)))
        return {"logits": logits, "aux1": aux1, "aux2": aux2} if self.auxiliary else logits


class LocalResponse(nn.Module):
    """A convolution and PyTorch's local response normalisation, with numbers that are felt on inputs of ordinary size."""

    def __init__(self, channels, **numbers):
        super().__init__()
        self.conv1 = conv(3, channels, 3)
        self.lrn = nn.LocalResponseNorm(**numbers)

    def forward(self, x):
        return self.lrn(self.conv1(x))


NETS = {"resnet": ResNet, "vgg": VGG, "googlenet": GoogLeNet, "fpn": FPN, "lrn": LocalResponse}


def build(spec):
    """A network from a dictionary: {"net": "resnet", "unit": "Basic", "depths": [2, 2, 2, 2]}."""
    rest = dict(spec)
    return NETS[rest.pop("net")](**rest)


def count(spec, shape):
    """Parameters, running statistics and multiply-adds of one example, counted as the network runs, without memory for it."""
    macs = 0

    def counted(module, inputs, output):
        nonlocal macs
        per_output = module.in_features if isinstance(module, nn.Linear) else module.weight[0].numel()
        macs += output[0].numel() * per_output

    with torch.device("meta"):
        net = build(spec).eval()
        for module in net.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                module.register_forward_hook(counted)
        net(torch.empty(1, *shape[1:]))
    statistics = sum(b.numel() for name, b in net.named_buffers() if not name.endswith("num_batches_tracked"))
    return {"params": sum(p.numel() for p in net.parameters()), "buffers": statistics, "macs": macs}


def calibrate(net, shape, seed):
    """Random scale and shift for every BN, then running statistics measured by one pass over noise: no BN is the identity.

    Shifts are positive on average. Around zero, normalised ReLU layers enlarge any difference by a fifth each (Yang et al. 2019,
    arXiv 1902.08129): rounding alone would then move the answer of a net with 1001 layers by half a percent.
    """
    generator = torch.Generator().manual_seed(seed)
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            fan = module.weight[0].numel()
            module.weight.data.normal_(0, (2 / fan) ** 0.5, generator=generator)
            if module.bias is not None:
                module.bias.data.normal_(0, 0.1, generator=generator)
    for module in norms:
        module.weight.data.uniform_(0.5, 1.5, generator=generator)
        module.bias.data.normal_(0.7, 0.3, generator=generator)
        module.momentum = 1.0
    net.eval()
    for module in norms:
        module.train()
    with torch.no_grad():
        net(torch.randn(shape, generator=generator))
    net.eval()
    return torch.randn(shape, generator=generator)
